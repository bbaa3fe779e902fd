"""Locks in files and in a real Redis: who wins, who is refused, and what ends a lock."""

from __future__ import annotations

import json
import os
import socket
import stat
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from dmart_tui.core.address import Address
from dmart_tui.core.config import Settings
from dmart_tui.core.errors import Failed, Refused, UsageFault
from dmart_tui.core.locking import Lock, Locks, file_locks, open_locks, redis_locks
from tests.support.redis_server import PASSWORD, redis_server

if TYPE_CHECKING:
    from collections.abc import Iterator

ENTRY = Address.parse("support/cases/c1")
KEY = "support:lock:cases/c1"
RACERS, ROUNDS = 4, 60

# Takes the lock of each entry in turn, says which it got, and lives until it is told to end.
RACER = """
import sys
from pathlib import Path
from dmart_tui.core.address import Address
from dmart_tui.core.errors import Refused
from dmart_tui.core.locking import file_locks, redis_locks
where, owner, rounds = sys.argv[1], sys.argv[2], int(sys.argv[3])
locks = redis_locks(where, timeout=60) if where.startswith("redis:") else file_locks(Path(where))
print("ready", flush=True)
sys.stdin.readline()
for number in range(rounds):
    try:
        locks.take(Address("support", ("cases", f"c{number}")), owner, 600)
    except Refused:
        continue
    print(number)
print("done", flush=True)
sys.stdin.readline()
"""


def _race(where: str) -> list[int]:
    """The entries that each of several processes got, all at once."""
    command = [sys.executable, "-c", RACER, where]
    racers = [
        subprocess.Popen([*command, f"user{number}", str(ROUNDS)], stdin=-1, stdout=-1, text=True)
        for number in range(RACERS)
    ]
    won: list[int] = []
    try:
        for racer in racers:
            assert racer.stdout is not None
            assert racer.stdout.readline() == "ready\n"
        for racer in racers:
            assert racer.stdin is not None
            racer.stdin.write("\n")
            racer.stdin.flush()
        for racer in racers:
            assert racer.stdout is not None
            won += [int(line) for line in iter(racer.stdout.readline, "done\n")]
    finally:
        for racer in racers:
            racer.communicate("\n")
    return won


def _once(code: str, *words: str) -> None:
    """Run a few lines in a process that is gone afterwards."""
    head = "import sys; from pathlib import Path; from dmart_tui.core.address import Address\n"
    head += "from dmart_tui.core.locking import file_locks\n"
    subprocess.run([sys.executable, "-c", head + code, *words], check=True)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with redis_server(tmp_path_factory.mktemp("redis server")) as url:
        yield url


@pytest.fixture
def redis(server: str) -> Iterator[Any]:
    from redis import Redis

    with Redis.from_url(server, decode_responses=True) as client:
        client.flushall()
        yield client


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "spaces of a company"
    folder.mkdir()
    return folder


@pytest.fixture(params=["file", "redis"])
def locks(request: pytest.FixtureRequest, root: Path) -> Locks:
    if request.param == "file":
        return file_locks(root / ".dmart-tui")
    request.getfixturevalue("redis")
    return redis_locks(request.getfixturevalue("server"))


# -- what both do -----------------------------------------------------------------------------------------------------


def test_the_locks_below_a_folder_are_found(locks: Locks) -> None:
    for address in (
        "support/cases/c1",
        "support/cases/deep/c2",
        "support/casesx/c3",
        "support/cases",
        "other/cases/c4",
    ):
        locks.take(Address.parse(address), "ali")
    assert {str(address) for address, _ in locks.below(Address.parse("support/cases"))} == {
        "support/cases/c1", "support/cases/deep/c2",
    }  # fmt: skip
    assert {lock.owner for _, lock in locks.below(Address("support"))} == {"ali"}
    assert len(list(locks.below(Address("support")))) == 4
    assert list(locks.below(Address.parse("support/returns"))) == []


def test_taking_showing_and_giving_back(locks: Locks) -> None:
    assert locks.held(ENTRY) is None
    assert locks.release(ENTRY, "ali") is False
    before = datetime.now(UTC)
    lock = locks.take(ENTRY, "ali", 60)
    assert lock.owner == "ali"
    assert lock.since is not None
    assert lock.expires is not None
    assert before - timedelta(seconds=1) <= lock.since <= datetime.now(UTC)
    assert timedelta(seconds=50) < lock.expires - before < timedelta(seconds=90)
    held = locks.held(ENTRY)
    assert held is not None
    assert (held.owner, held.since, held.where) == ("ali", lock.since, lock.where)
    assert locks.held(Address.parse("support/cases/c2")) is None
    assert locks.release(ENTRY, "ali") is True
    assert locks.held(ENTRY) is None


def test_ones_own_is_extended_and_stays_as_old_as_it_is(locks: Locks) -> None:
    first = locks.take(ENTRY, "ali", 60)
    second = locks.take(ENTRY, "ali", 6000)
    assert second.since == first.since
    assert first.expires is not None
    assert second.expires is not None
    assert second.expires > first.expires + timedelta(seconds=1000)


def test_anothers_is_refused_with_its_owner_and_age(locks: Locks) -> None:
    locks.take(ENTRY, "ali", 7190)
    for attempt in (lambda: locks.take(ENTRY, "sara"), lambda: locks.release(ENTRY, "sara")):
        with pytest.raises(Refused) as refused:
            attempt()
        assert str(refused.value).startswith("support/cases/c1: ali locked it ")
        assert str(refused.value).endswith(" s ago (it ends in 1 h)")
    held = locks.held(ENTRY)
    assert held is not None
    assert held.owner == "ali"


def test_anothers_is_given_back_only_by_force(locks: Locks) -> None:
    locks.take(ENTRY, "ali")
    assert locks.release(ENTRY, "sara", force=True) is True
    assert locks.take(ENTRY, "sara").owner == "sara"


@pytest.mark.parametrize(
    "text", ["support", "support/x", "support/a/b/caf\u00e9", "support/a/x#media/y.jpg", "s/\u0645\u062b\u0627\u0644"]
)
def test_whatever_has_an_address_can_be_locked(locks: Locks, text: str) -> None:
    address = Address.parse(text)
    locks.take(address, "\u0639\u0644\u064a")
    held = locks.held(address)
    assert held is not None
    assert held.owner == "\u0639\u0644\u064a"
    assert locks.release(address, "\u0639\u0644\u064a")


def test_a_name_is_the_same_in_either_normal_form(locks: Locks) -> None:
    locks.take(Address.parse("support/caf\u00e9"), "ali")
    assert locks.held(Address.parse("support/cafe\u0301")) is not None


def test_a_name_of_bytes_that_are_no_text_can_be_locked(locks: Locks) -> None:
    assert locks.take(Address("support", ("\udcff",)), "ali").owner == "ali"


def test_of_many_processes_one_wins(locks: Locks, root: Path, request: pytest.FixtureRequest) -> None:
    """Also where locks that are over stand in the way, which is where a lock file is easily won twice."""
    in_files = locks.take(ENTRY, "before").where == "file"
    if in_files:
        for number in range(0, ROUNDS, 2):
            _put_file(root, Address("support", ("cases", f"c{number}")), expires="2020-01-01T00:00:00+00:00")
    locks.release(ENTRY, "before", force=True)
    won = _race(str(root / ".dmart-tui") if in_files else request.getfixturevalue("server"))
    assert sorted(won) == list(range(ROUNDS))


# -- files ------------------------------------------------------------------------------------------------------------


def _lock_file(root: Path, address: Address = ENTRY) -> Path:
    """Where the lock of an address is, made when it is not."""
    folder = root / ".dmart-tui/locks"
    before = set(folder.glob("*.json"))
    file_locks(root / ".dmart-tui").take(address, "nobody")
    (made,) = set(folder.glob("*.json")) - before
    return made


def _put_file(root: Path, address: Address = ENTRY, **changed: Any) -> Path:
    file = _lock_file(root, address)
    document = json.loads(file.read_text()) | {"owner": "sara", "pid": os.getpid()} | changed
    file.write_text(json.dumps(document))
    return file


def test_looking_makes_nothing(root: Path) -> None:
    locks = file_locks(root / ".dmart-tui")
    assert locks.held(ENTRY) is None
    assert locks.release(ENTRY, "ali") is False
    assert list(root.iterdir()) == []


def test_a_lock_file_says_whose_it_is(root: Path) -> None:
    document = json.loads(_lock_file(root).read_text())
    assert document.keys() == {"owner", "host", "pid", "since", "expires", "address"}
    assert (document["owner"], document["pid"], document["address"]) == ("nobody", os.getpid(), "support/cases/c1")


def test_locks_are_for_whoever_may_change_the_root(root: Path) -> None:
    root.chmod(0o2770)
    _lock_file(root)
    for folder in (root / ".dmart-tui", root / ".dmart-tui/locks"):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o2770


@pytest.mark.parametrize(
    ("changed", "stands"),
    [
        ({}, True),
        ({"expires": "2020-01-01T00:00:00+00:00"}, False),
        ({"host": "elsewhere", "pid": 999_999_999}, True),
        ({"pid": 999_999_999}, False),
        ({"pid": 1 << 70}, False),
        ({"pid": 0}, False),
        ({"pid": -1}, False),
        ({"pid": None}, True),
        ({"pid": "x"}, True),
        ({"pid": 1}, True),  # somebody else's process
        ({"since": 7}, True),
        ({"owner": ""}, False),
        ({"owner": ["sara"]}, False),
        ({"expires": None}, False),
        ({"expires": "never"}, False),
        ({"expires": 10**400}, False),
    ],
    ids=str,
)
def test_what_ends_a_lock(changed: dict[str, Any], stands: bool, root: Path) -> None:
    _put_file(root, **changed)
    locks = file_locks(root / ".dmart-tui")
    held = locks.held(ENTRY)
    assert (held is not None) is stands
    if stands:
        with pytest.raises(Refused, match="sara locked it"):
            locks.take(ENTRY, "ali")
    else:
        assert locks.take(ENTRY, "ali").owner == "ali"


@pytest.mark.parametrize("text", ["", "{", "[]", "null", "\xff", "[" * 60_000, "x" * 100_000])
def test_what_is_no_lock_protects_nothing(text: str, root: Path) -> None:
    _lock_file(root).write_text(text, encoding="latin-1")
    locks = file_locks(root / ".dmart-tui")
    assert locks.held(ENTRY) is None
    assert locks.take(ENTRY, "ali").owner == "ali"


def test_a_lock_ends_with_its_process_unless_it_is_to_outlive_it(root: Path) -> None:
    code = "file_locks(Path(sys.argv[1]), outlive={}).take(Address.parse('support/cases/c1'), 'sara')"
    locks = file_locks(root / ".dmart-tui")
    _once(code.format(False), str(root / ".dmart-tui"))
    assert locks.held(ENTRY) is None
    _once(code.format(True), str(root / ".dmart-tui"))
    held = locks.held(ENTRY)
    assert held is not None
    assert held.owner == "sara"


def test_a_state_folder_that_leads_elsewhere_gets_no_locks(root: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (root / ".dmart-tui").symlink_to(elsewhere)
    with pytest.raises(Refused):
        file_locks(root / ".dmart-tui").take(ENTRY, "ali")
    assert list(elsewhere.iterdir()) == []


def test_a_disk_that_will_not_is_said(root: Path) -> None:
    (root / ".dmart-tui").write_text("a file")
    with pytest.raises(Refused, match="is no folder"):
        file_locks(root / ".dmart-tui").take(ENTRY, "ali")


def test_a_lock_without_an_end_or_an_owner_can_be_shown() -> None:
    assert str(Lock("", None, None, "redis")) == "somebody locked it"
    assert str(Lock("ali", datetime.now(UTC) - timedelta(minutes=5), None, "redis")) == "ali locked it 5 min ago"


# -- Redis ------------------------------------------------------------------------------------------------------------


def test_the_document_is_dmarts(redis: Any, server: str) -> None:
    redis_locks(server).take(ENTRY, "ali", 60)
    assert redis.keys() == [KEY]
    document = json.loads(redis.execute_command("JSON.GET", KEY))
    assert document.keys() == {"owner_shortname", "lock_time"}
    assert document["owner_shortname"] == "ali"
    assert datetime.fromisoformat(document["lock_time"]).tzinfo is None
    assert 50_000 < redis.pttl(KEY) <= 60_000


def test_locks_that_dmart_took_count(redis: Any, server: str) -> None:
    when = (datetime.now() - timedelta(minutes=3)).isoformat()
    redis.execute_command("JSON.SET", KEY, "$", json.dumps({"owner_shortname": "sara", "lock_time": when}))
    locks = redis_locks(server)
    held = locks.held(ENTRY)
    assert held is not None
    assert held.expires is None  # it stopped between setting the lock and its end
    with pytest.raises(Refused, match=r"sara locked it 3 min ago \(it has no end\)"):
        locks.take(ENTRY, "ali")
    assert redis.pttl(KEY) == -1
    assert locks.take(ENTRY, "sara", 60).expires is not None
    assert json.loads(redis.execute_command("JSON.GET", KEY))["lock_time"] == when


def test_a_lock_that_ran_out_is_gone(redis: Any, server: str) -> None:
    locks = redis_locks(server)
    locks.take(ENTRY, "sara")
    redis.pexpireat(KEY, 1)
    assert locks.held(ENTRY) is None
    assert locks.take(ENTRY, "ali").owner == "ali"


@pytest.mark.parametrize("document", ["7", "[]", "{}", '"x"', "null", '{"owner_shortname": [1], "lock_time": 1e999}'])
def test_a_lock_of_any_shape_is_somebodys(document: str, redis: Any, server: str) -> None:
    redis.execute_command("JSON.SET", KEY, "$", document.replace("1e999", "{}"))
    locks = redis_locks(server)
    held = locks.held(ENTRY)
    assert held is not None
    assert (held.owner, held.since) == ("", None)
    with pytest.raises(Refused, match="somebody locked it"):
        locks.take(ENTRY, "ali")
    assert locks.release(ENTRY, "ali", force=True)


def test_another_kind_of_key_is_said(redis: Any, server: str) -> None:
    redis.set(KEY, "text")
    for ask in (redis_locks(server).held, lambda address: redis_locks(server).take(address, "ali")):
        with pytest.raises(Failed, match="holds something else than a lock there"):
            ask(ENTRY)


@pytest.mark.parametrize(
    ("address", "key"),
    [("s/x", "s:lock:/x"), ("s/a/b/x", "s:lock:a/b/x"), ("s/a/x#media/y", "s:lock:a/x/y")],
)
def test_keys(address: str, key: str, redis: Any, server: str) -> None:
    redis_locks(server).take(Address.parse(address), "ali")
    assert redis.keys() == [key]


@pytest.mark.parametrize(
    ("indexes", "documents", "key"),
    [
        (["support:meta", "support:article"], [], KEY),
        (["support:master:meta", "support:master:article"], [], "support:master:lock:cases/c1"),
        ([], ["support:meta:cases/c9"], KEY),
        ([], ["support:master:meta:cases/c9", "users_permissions_ali"], "support:master:lock:cases/c1"),
        ([], ["support:master:lock:cases/c9"], "support:master:lock:cases/c1"),
        ([], ["spaces", "users_permissions_ali"], KEY),
    ],
)
def test_the_era_shows_in_indexes_or_keys(
    indexes: list[str], documents: list[str], key: str, redis: Any, server: str
) -> None:
    for index in indexes:
        redis.execute_command("FT.CREATE", index, "ON", "JSON", "SCHEMA", "$.shortname", "AS", "shortname", "TEXT")
    for document in documents:
        redis.execute_command("JSON.SET", document, "$", "{}")
    redis_locks(server).take(ENTRY, "ali")
    assert set(redis.keys()) - set(documents) == {key}


def test_a_dead_server_is_said_without_its_url() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        locks = redis_locks(f"redis://ali:s3cret@127.0.0.1:{unused.getsockname()[1]}/0")
        for ask in (locks.held, lambda address: locks.take(address, "ali"), lambda a: locks.release(a, "ali")):
            with pytest.raises(Failed) as failed:
                ask(ENTRY)
            assert str(failed.value) == "support/cases/c1: the Redis does not answer (is it running?)"


def test_a_server_that_says_nothing_is_given_up() -> None:
    with socket.socket() as mute:
        mute.bind(("127.0.0.1", 0))
        mute.listen()
        with pytest.raises(Failed, match="does not answer"):
            redis_locks(f"redis://127.0.0.1:{mute.getsockname()[1]}", timeout=0.05).held(ENTRY)


@pytest.mark.parametrize(
    "url", ["localhost", "http://ali:s3cret@host", "redis://ali:s3cret@host:port", "redis://[s3cret"]
)
def test_what_is_no_url_is_said_without_it(url: str) -> None:
    with pytest.raises(UsageFault) as fault:
        redis_locks(url).held(ENTRY)
    assert "s3cret" not in str(fault.value)
    assert fault.value.__cause__ is None


def test_a_wrong_password_is_said_without_it(tmp_path: Path) -> None:
    from urllib.parse import quote

    with redis_server(tmp_path, password=PASSWORD) as url:
        right = redis_locks(url.replace("//", f"//:{quote(PASSWORD, safe='')}@"))
        assert right.take(ENTRY, "ali").owner == "ali"
        for wrong in (url, url.replace("//", "//:wr0ng@"), url.replace("//", "//ali:wr0ng@")):
            with pytest.raises(Failed, match="does not let us in") as failed:
                redis_locks(wrong).take(ENTRY, "ali")
            assert "wr0ng" not in str(failed.value)


def test_a_server_without_the_modules_is_said(tmp_path: Path) -> None:
    with redis_server(tmp_path, modules=False) as url:
        for ask in (redis_locks(url).held, lambda address: redis_locks(url).take(address, "ali")):
            with pytest.raises(Failed, match="has no RedisJSON"):
                ask(ENTRY)


def test_which_locks_the_settings_mean(root: Path, server: str, redis: Any) -> None:
    assert open_locks(Settings(), str(root)).take(ENTRY, "ali").where == "file"
    assert open_locks(Settings(redis=server), str(root)).take(ENTRY, "ali").where == "redis"


def test_nothing_of_redis_is_imported_for_files(root: Path) -> None:
    _once(
        "file_locks(Path(sys.argv[1])).take(Address.parse('a/b'), 'sara'); assert 'redis' not in sys.modules",
        str(root / ".dmart-tui"),
    )


def test_a_root_that_is_gone_is_said(root: Path) -> None:
    with pytest.raises(Failed, match="No such file or directory"):
        file_locks(root / "gone" / ".dmart-tui").take(ENTRY, "ali")
