"""View changes (section 4.2): how another replica becomes the primary, and loses nothing that was committed."""

from __future__ import annotations

from chaoslab.statemachine import CancelTimer, Context, Effect, Probe, Send
from chaoslab_protocols.viewstamped.messages import DoViewChange, PrepareOk, StartView, StartViewChange
from chaoslab_protocols.viewstamped.normal import Normal
from chaoslab_protocols.viewstamped.state import NORMAL, RECOVERING, VIEW_CHANGE

__all__ = ["ViewChange"]


class ViewChange(Normal):
    """Changing the view.

    Probes: ``view-saved``: that this replica wants a view is on its disk and nobody knows; ``view-started``: the new
    primary has its log and nobody knows.

    Attributes:
        TICKS_MAX: For how many ticks a primary goes on without committing anything that it prepared.
        starters: The other replicas that want the view, too.
        done: What replicas have sent to this one as the primary of the view.
        is_sent: Whether its own DOVIEWCHANGE is sent.
    """

    TICKS_MAX = 8

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self.starters: set[str] = set()
        self.done: dict[str, DoViewChange] = {}
        self.is_sent = False

    def start_view_change(self, view_number: int) -> list[Effect]:
        """Step 1: a replica that notices the need advances its view-number and tells the others.

        With the view on its disk first: it takes no part in earlier views any more, not after a restart either.
        """
        self.view_number = view_number
        self.status = VIEW_CHANGE
        self.starters = set()
        self.done = {}
        self.is_sent = False
        self.unanswered = 0
        saved: list[Effect] = [self.save(self.view_record()), Probe("view-saved")]
        effects = [self.become(), self.silence_timer(), *saved, *self.to_others(StartViewChange(view_number))]
        return [*effects, *self.send_do_view_change()]

    def on_silence(self) -> list[Effect]:
        """The primary is not heard of, or the view change does not come to an end.

        A replica that does not even hear that others want the view does not go on to the next: it may be deaf.
        """
        if self.status == RECOVERING or self.is_primary():
            return []
        if self.status == NORMAL or self.is_sent:
            return self.start_view_change(self.view_number + 1)
        return [self.silence_timer(), *self.to_others(StartViewChange(self.view_number))]

    def on_start_view_change(self, sender: str, message: StartViewChange) -> list[Effect]:
        """Steps 1 and 2: join it; when f others want the view, send DOVIEWCHANGE to its primary."""
        if self.status == RECOVERING or message.view_number < self.view_number:
            return []
        effects: list[Effect] = []
        if message.view_number > self.view_number:
            effects += self.start_view_change(message.view_number)
        if self.status != VIEW_CHANGE:
            return []
        self.starters.add(sender)
        return [*effects, *self.send_do_view_change()]

    def send_do_view_change(self) -> list[Effect]:
        """Step 2, once f others want the view."""
        if self.is_sent or len(self.starters) < self.failures_max:
            return []
        self.is_sent = True
        return self.do_view_change()

    def do_view_change(self) -> list[Effect]:
        """Tell the primary of the view what this replica has."""
        message = DoViewChange(self.view_number, tuple(self.log), self.last_normal_view, self.commit_number)
        primary = self.primary_of(self.view_number)
        return self.on_do_view_change(self.name, message) if primary == self.name else [Send(primary, message)]

    def on_do_view_change(self, sender: str, message: DoViewChange) -> list[Effect]:
        """Step 3: with f + 1 of them, its own included, choose the log and start the view."""
        if self.status == RECOVERING or message.view_number < self.view_number:
            return []
        effects: list[Effect] = []
        if message.view_number > self.view_number:
            effects += self.start_view_change(message.view_number)
        if self.status != VIEW_CHANGE:
            return []
        self.done[sender] = message
        if len(self.done) <= self.failures_max or self.name not in self.done:
            return effects
        return [*effects, *self.start_view()]

    def start_view(self) -> list[Effect]:
        """Steps 3 and 4: the log of the latest normal view, the longest of those; then tell the others."""
        best = max(self.done.values(), key=self.rank)
        commit_number = max(one.commit_number for one in self.done.values())
        self.replace_log(best.log)
        self.last_normal_view = self.view_number
        self.status = NORMAL
        self.prepared = {}
        message = StartView(self.view_number, tuple(self.log), commit_number)
        saved: list[Effect] = [*self.save_all(), Probe("view-started")]
        effects = [self.become(), CancelTimer("silence"), *saved, *self.to_others(message)]
        return [*effects, *self.commit_up_to(commit_number), *self.count()]

    def rank(self, one: DoViewChange) -> tuple[int, int]:
        """Return what logs are compared by: the latest normal view, and only then which is longer."""
        return one.last_normal_view, len(one.log)

    def on_start_view(self, sender: str, message: StartView) -> list[Effect]:
        """Step 5: take the log over, and say what of it is not known to be committed."""
        is_news = message.view_number > self.view_number or self.status == VIEW_CHANGE
        if self.status == RECOVERING or message.view_number < self.view_number or not is_news:
            return []
        self.be_normal_in(message.view_number)
        self.replace_log(message.log)
        effects = [self.become(), self.silence_timer(), *self.save_all()]
        effects.append(Send(sender, PrepareOk(self.view_number, self.op_number)))
        return [*effects, *self.commit_up_to(message.commit_number)]

    def be_normal_in(self, view_number: int) -> None:
        """Take part in a view that another replica has started."""
        self.view_number = self.last_normal_view = view_number
        self.status = NORMAL

    def tick(self) -> list[Effect]:
        """Send again what was not answered; a primary to whom nobody listens makes room."""
        if self.is_primary():
            if self.unanswered >= self.TICKS_MAX:
                return self.start_view_change(self.view_number + 1)
            return self.primary_tick()
        if self.status != VIEW_CHANGE:
            return []
        again = self.to_others(StartViewChange(self.view_number))
        return [*again, *self.do_view_change()] if self.is_sent else again
