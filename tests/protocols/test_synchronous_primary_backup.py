"""Synchronous primary and backup, rule by rule (Alsberg & Day 1976; the view service of MIT 6.824), by hand."""

from __future__ import annotations

from chaoslab.statemachine import Context, Invocation, Persist
from chaoslab_protocols.primary_backup.mutants import GoesByItsOwnPings, TakesMessagesOfAnyView
from chaoslab_protocols.primary_backup.synchronous.messages import (
    Announcement,
    Forward,
    ForwardReply,
    Ping,
    Transfer,
    TransferReply,
    View,
)
from chaoslab_protocols.primary_backup.synchronous.server import Server
from chaoslab_protocols.primary_backup.synchronous.view_service import ViewService
from chaoslab_protocols.seeking_client import NOT_HERE, OK, ClientReply, ClientRequest
from chaoslab_protocols.session_store import Update
from tests.protocols.by_hand import Clock, sent, written


def context(name: str, clock: Clock | None = None, **files: bytes) -> Context:
    clock = clock or Clock()
    return Context(
        name=name,
        nodes=("n1", "n2", "n3", "n4"),
        settings=None,
        files=files,
        wall_time=lambda: 0.0,
        monotonic_time=lambda: clock.now,
        home=name,
    )


WRITE = ClientRequest(1, Invocation(f="write", key="x", value="a"))
READ = ClientRequest(2, Invocation(f="read", key="x"))
UPDATE = Update(1, "c1", 1, WRITE.invocation)


def test_the_primary_answers_an_update_when_the_backup_has_it() -> None:
    """Its own disk first, then the backup's, then the client."""
    primary = Server(context("n1"))
    effects = primary.message("c1", WRITE)
    assert effects is not None
    assert isinstance(effects[0], Persist)
    assert sent(effects) == [("n2", Forward(1, (UPDATE,), ()))]
    assert sent(primary.message("n2", ForwardReply(1, 1, ()))) == [("c1", ClientReply(1, OK, None))]


def test_the_backup_has_an_update_on_its_disk_before_it_says_so() -> None:
    """The disk stands before the answer."""
    effects = Server(context("n2")).message("n1", Forward(1, (UPDATE,), ()))
    assert effects is not None
    assert isinstance(effects[0], Persist)
    assert sent(effects) == [("n1", ForwardReply(1, 1, ()))]


def test_a_read_waits_until_the_backup_confirms_the_view_and_has_all_that_was_read() -> None:
    """The view alone is not enough while an update that the read saw is on its way."""
    primary = Server(context("n1"))
    primary.message("c1", WRITE)
    assert sent(primary.message("c2", READ)) == [("n2", Forward(1, (UPDATE,), (("c2", 2),)))]
    assert sent(primary.message("n2", ForwardReply(1, 0, (("c2", 2),)))) == []
    assert ("c2", ClientReply(2, OK, "a")) in sent(primary.message("n2", ForwardReply(1, 1, ())))


def test_a_backup_that_was_promoted_confirms_nothing_to_the_primary_before() -> None:
    """The fence; the mutant B2 has none."""
    backup = Server(context("n2"))
    backup.message("n4", Announcement(View(2, "n2", "n3")))
    assert backup.message("n1", Forward(1, (UPDATE,), (("c2", 2),))) is None
    mutant = TakesMessagesOfAnyView(context("n2"))
    mutant.message("n4", Announcement(View(2, "n2", "n3")))
    assert sent(mutant.message("n1", Forward(1, (UPDATE,), (("c2", 2),))))


def test_a_primary_without_a_backup_answers_at_once() -> None:
    """Nobody can have replaced it."""
    primary = Server(context("n1"))
    primary.message("n4", Announcement(View(2, "n1")))
    assert sent(primary.message("c1", WRITE)) == [("c1", ClientReply(1, OK, None))]
    assert sent(primary.message("c1", READ)) == [("c1", ClientReply(2, OK, "a"))]


def test_a_server_that_is_not_the_primary_says_whom_it_knows() -> None:
    """The members of its view, the primary first."""
    assert sent(Server(context("n2")).message("c1", WRITE)) == [("c1", ClientReply(1, NOT_HERE, None, 1, ("n1", "n2")))]


def test_a_primary_is_ready_when_its_new_backup_has_all_of_the_state() -> None:
    """Not before: only then may the backup take over."""
    primary, backup = Server(context("n1")), Server(context("n3"))
    primary.message("n4", Announcement(View(2, "n1")))
    primary.message("c1", WRITE)
    view = Announcement(View(3, "n1", "n3"))
    effects = primary.message("n4", view)
    assert ("n4", Ping(3, False)) in sent(effects)
    (_, transfer) = sent(effects)[-1]
    assert isinstance(transfer, Transfer)
    backup.message("n4", view)
    effects = backup.message("n1", transfer)
    assert sent(effects) == [("n1", TransferReply(3, 1))]
    assert ("n4", Ping(3, True)) in sent(primary.message("n3", TransferReply(3, 1)))
    again = Server(context("n3", journal=written(effects)))
    assert (again.store.values, again.installed_in) == ({"x": "a"}, 3)


def test_a_late_copy_of_the_transfer_undoes_nothing() -> None:
    """The backup takes it once in a view."""
    backup = Server(context("n3"))
    backup.message("n4", Announcement(View(2, "n1", "n3")))
    empty = Transfer(2, Server(context("n1")).store.snapshot())
    backup.message("n1", empty)
    backup.message("n1", Forward(2, (UPDATE,), ()))
    assert sent(backup.message("n1", empty)) == [("n1", TransferReply(2, 1))]
    assert backup.store.position == 1


def test_a_request_that_is_repeated_takes_effect_once() -> None:
    """It is answered when the backup has it."""
    primary = Server(context("n1"))
    primary.message("c1", WRITE)
    assert sent(primary.message("c1", WRITE)) == []
    primary.message("n2", ForwardReply(1, 1, ()))
    assert sent(primary.message("c1", WRITE)) == [("c1", ClientReply(1, OK, None))]
    assert primary.store.position == 1


# The view service


def ticked(service: ViewService, clock: Clock, to: float, *living: str, is_ready: bool = True) -> View:
    """Let time pass until *to*, when the *living* ping, and return the view."""
    clock.now = to
    for server in living:
        service.message(server, Ping(service.view.number, is_ready))
    service.timer("check")
    return service.view


def test_the_backup_takes_over_from_a_dead_primary_and_a_spare_becomes_the_backup() -> None:
    """If the primary has said that it was ready."""
    clock = Clock()
    service = ViewService(context("n4", clock))
    service.start()
    assert ticked(service, clock, 0.1, "n1", "n2", "n3") == View(1, "n1", "n2")
    assert ticked(service, clock, 0.6, "n2", "n3") == View(2, "n2", "n3")
    assert ticked(service, clock, 0.7, "n1", "n2", "n3") == View(2, "n2", "n3")


def test_a_view_whose_primary_is_not_ready_is_not_left_for_its_backup() -> None:
    """The backup may have nothing: the service waits for the primary."""
    clock = Clock()
    service = ViewService(context("n4", clock))
    service.start()
    assert ticked(service, clock, 0.1, "n1", "n2", is_ready=False) == View(1, "n1", "n2")
    assert ticked(service, clock, 0.6, "n2", is_ready=False) == View(1, "n1", "n2")


def test_a_dead_backup_is_replaced_and_the_view_is_durable_before_it_is_announced() -> None:
    """A service that restarts goes on with it."""
    clock = Clock()
    service = ViewService(context("n4", clock))
    service.start()
    clock.now = 0.6
    for server in ("n1", "n3"):
        service.message(server, Ping(1, True))
    effects = service.timer("check")
    assert service.view == View(2, "n1", "n3")
    assert effects is not None
    assert [type(effect) for effect in effects][1] is Persist
    assert ViewService(context("n4", views=written(effects))).view == View(2, "n1", "n3")


def test_a_primary_says_when_its_backup_does_not_answer() -> None:
    """It has waited for too long, and it stops saying so when an answer comes."""
    clock = Clock()
    primary = Server(context("n1", clock))
    primary.message("c1", WRITE)
    clock.now = Server.SILENT_S
    assert ("n4", Ping(1, True, False)) in sent(primary.timer("ping"))
    clock.now += 0.1
    assert ("n4", Ping(1, True, True)) in sent(primary.timer("ping"))
    primary.message("n2", ForwardReply(1, 1, ()))
    assert ("n4", Ping(1, True, False)) in sent(primary.timer("ping"))


def test_a_primary_that_reaches_no_backup_goes_on_alone_and_is_given_one_later() -> None:
    """Partial partitions: each backup that it cannot reach is passed over, and not tried again at once."""
    clock = Clock()
    service = ViewService(context("n4", clock))
    service.start()
    views = []
    for step in range(1, 30):
        clock.now = step / 10
        for server in ("n1", "n2", "n3"):
            is_silent = server == "n1" and service.view.backup is not None
            service.message(server, Ping(service.view.number, True, is_silent))
        service.timer("check")
        views.append((service.view.primary, service.view.backup))
    assert views[:2] == [("n1", "n3"), ("n1", None)]
    assert set(views[2:18]) == {("n1", None)}
    assert ("n1", "n2") in views[18:]


def test_the_mutant_that_forgets_who_was_unreachable_goes_to_and_fro() -> None:
    """B7: it never leaves the primary alone."""
    clock = Clock()
    service = GoesByItsOwnPings(context("n4", clock))
    service.start()
    for step in range(1, 30):
        clock.now = step / 10
        for server in ("n1", "n2", "n3"):
            service.message(server, Ping(service.view.number, False, server == "n1"))
        service.timer("check")
    assert service.view.backup is not None
    assert service.view.number > 20


def test_a_record_that_a_crash_cut_short_is_dropped() -> None:
    """And what is appended after a restart is not lost behind it."""
    primary = Server(context("n1"))
    primary.message("n4", Announcement(View(2, "n1")))
    journal = written(primary.message("c1", WRITE))
    cut_short = written(primary.message("n4", Announcement(View(3, "n1"))), journal)[:-2]
    again = Server(context("n1", journal=cut_short))
    assert (again.view.number, again.store.position) == (1, 1)
    journal = written(again.start(), cut_short)
    assert Server(context("n1", journal=journal)).store.values == {"x": "a"}
