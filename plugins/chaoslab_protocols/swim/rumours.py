"""What a member believes of the others, and which news of it is still to be passed on.

Das, Gupta & Motivala (DSN 2002), section 4.1: news rides on the probes' messages; each piece is sent a number of times
that grows with the logarithm of the members, those first that were sent least.
"""

from __future__ import annotations

from chaoslab_protocols.swim.messages import ALIVE, DEAD, News

__all__ = ["Rumours"]


class Rumours:
    """The latest news of every member known, by name, and how often each piece that is news was sent.

    Args:
        repeats: How often a piece is sent, times log2 of the members.
        news_max: How many pieces a message carries.

    Attributes:
        latest: What is believed.
        alive: The names of those who are not believed dead, in the order in which they became known.
    """

    def __init__(self, repeats: int, news_max: int) -> None:
        self.latest: dict[str, News] = {}
        self.alive: dict[str, None] = {}
        self._sent: dict[str, int] = {}
        self._repeats = repeats
        self._news_max = news_max

    def take(self, news: News) -> bool:
        """Believe *news* if it is later than what is believed; return whether it was."""
        known = self.latest.get(news.name)
        if known is not None and news <= known:
            return False
        self.latest[news.name] = news
        if news.status == DEAD:
            self.alive.pop(news.name, None)
        else:
            self.alive[news.name] = None
        self._sent[news.name] = 0
        return True

    def forget(self, name: str) -> None:
        """Know nothing of *name* any more."""
        for known in (self.latest, self.alive, self._sent):
            known.pop(name, None)

    def status(self, name: str) -> int | None:
        """Return what is believed of *name*; None if it is not known."""
        known = self.latest.get(name)
        return None if known is None else known.status

    def for_message(self, to: str) -> tuple[News, ...]:
        """Return the news that rides on a message to *to*: what was sent least, and what is held against *to* itself.

        Who is suspected, or believed dead, must hear of it: nobody else can say that it is not so.
        """
        if not self._sent:
            held = self.latest.get(to)
            return (held,) if held is not None and held.status != ALIVE else ()
        chosen = sorted(self._sent, key=self._sent.__getitem__)[: self._news_max]
        most = self._repeats * max(1, len(self.alive).bit_length())
        for name in chosen:
            self._sent[name] += 1
            if self._sent[name] >= most:
                del self._sent[name]
        held = self.latest.get(to)
        if held is not None and held.status != ALIVE and to not in chosen:
            return (held, *(self.latest[name] for name in chosen))
        return tuple(self.latest[name] for name in chosen)

    def everything(self) -> tuple[News, ...]:
        """Return all that is believed."""
        return tuple(self.latest.values())
