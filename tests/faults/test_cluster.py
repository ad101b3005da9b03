"""A build on a dask cluster gives the bytes of one at home, whatever happens to workers and scheduler on the way."""

from __future__ import annotations

import os
import platform
import shutil
import signal
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

pytest.importorskip("distributed")

from reports.build import app
from reports.records.cluster import Cluster, ClusterError
from reports.records.identity import differences, identity
from reports.records.workers import Call
from tests.faults.builds import ROOT, TINY_ONLY, begun, done, read, records, tiny, until
from tests.faults.calls import die, lost, mine, nap
from tests.faults.loopback import loopback


def test_a_loopback_cluster_gives_the_same_bytes(tmp_path: Path) -> None:
    plan = tiny(tmp_path)
    words = ["--plan", str(plan), *TINY_ONLY, "--jobs", "1", "--out"]
    with loopback(tmp_path, 1) as cluster:
        home = CliRunner().invoke(app, [*words, str(tmp_path / "home")])
        assert home.exit_code == 0, home.output
        away = CliRunner().invoke(app, [*words, str(tmp_path / "away"), "--scheduler", cluster.address])
        assert away.exit_code == 0, away.output
    assert read(tmp_path / "home") == read(tmp_path / "away")
    names = [{path.name for path in (tmp_path / out / "records").rglob("*")} for out in ("home", "away")]
    assert names[0] == names[1]


def test_versions_that_differ_are_named() -> None:
    here = identity()
    assert differences(here, dict(here)) == ""
    assert differences(here, {**here, "torch": "1.0"}) == f"torch is 1.0 there and {here['torch']} here"
    assert "module mine is absent there" in differences({**here, "module mine": "a" * 64}, here)


@pytest.fixture
def closed() -> Iterator[str]:
    """An address where nobody listens."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        yield f"tcp://127.0.0.1:{one.getsockname()[1]}"


def test_nobody_at_the_address_is_bad_input_in_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, closed: str
) -> None:
    monkeypatch.setattr("reports.records.cluster._CONNECT", 0.5)
    out = tmp_path / "out"
    refused = CliRunner().invoke(
        app, ["--plan", str(tiny(tmp_path)), *TINY_ONLY, "--out", str(out), "--scheduler", closed]
    )
    assert refused.exit_code == 2
    assert len(refused.output.splitlines()) == 1
    assert f"--scheduler {closed}: nobody answers there" in refused.output
    assert not out.exists()


@pytest.mark.slow
def test_nobody_at_the_address_is_said_within_ten_seconds(closed: str) -> None:
    started = time.monotonic()
    with pytest.raises(ClusterError, match="nobody answers there"):
        Cluster(closed)
    assert time.monotonic() - started < 10


@pytest.mark.parametrize(
    "address",
    [
        "",
        "banana",
        "tcp://",
        "tcp://host",
        "host:0",
        "host:99999",
        "http://host:1",
        "inproc://1",
        "host:1 ",
        "::1:8786",
    ],
)
def test_what_is_no_address_is_refused_in_one_line(tmp_path: Path, address: str) -> None:
    refused = CliRunner().invoke(app, ["--out", str(tmp_path / "out"), "--scheduler", address])
    assert refused.exit_code == 2
    assert refused.output == (
        f"reports.build: --scheduler {address}: expected tcp://HOST:PORT, such as tcp://127.0.0.1:8786\n"
    )


def test_certificates_are_asked_for_before_anybody_is() -> None:
    with pytest.raises(ClusterError, match=r"--scheduler tls://127\.0\.0\.1:1: needs certificates"):
        Cluster("tls://127.0.0.1:1")


@pytest.mark.slow
@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
@pytest.mark.parametrize("workers", [0, 1])
def test_a_build_on_a_cluster_ends_within_five_seconds(tmp_path: Path, number: int, status: int, workers: int) -> None:
    out = tmp_path / "out"
    with loopback(tmp_path, workers) as cluster:
        build = begun("--profile", "quick", "--device", "cpu", "--out", str(out), "--scheduler", cluster.address)
        if workers:
            assert until(lambda: (out / "records").is_dir() and records(out) > 2, 600)
        else:
            assert build.stderr is not None
            assert "waiting for a first worker to join" in build.stderr.readline()
        started = time.monotonic()
        build.send_signal(number)
        _, said = build.communicate()
        assert time.monotonic() - started < 5
    assert build.returncode == status
    assert len(said.splitlines()) == 1
    assert "to go on: python -m reports.build --profile quick" in said


@pytest.mark.slow
def test_a_worker_of_other_code_is_refused_by_name_before_and_on_the_way(tmp_path: Path) -> None:
    for package in ("empirics", "reports", "theory"):
        shutil.copytree(ROOT / package, tmp_path / "other" / package, ignore=shutil.ignore_patterns("__pycache__"))
    with (tmp_path / "other" / "empirics" / "numerics" / "errors.py").open("a") as code:
        code.write("# another version\n")
    with loopback(tmp_path, 1) as cluster:
        told: list[str] = []
        with Cluster(cluster.address, (), told.append) as ours:
            results = ours.run(Call(nap, (0.5, place)) for place in range(100))
            found = [next(results)]
            cluster.add_worker("--no-nanny", path=str(tmp_path / "other"))
            assert sorted([*found, *results]) == [(place, place) for place in range(100)]
        refused = [line for line in told if "waiting for a first worker" not in line]
        assert len(refused) == 1
        assert "is of another version and gets nothing: the code of meta-fedavg-bounds is" in refused[0]
        with pytest.raises(ClusterError, match=r"worker tcp://\S+ cannot take part: the code of meta-fedavg-bounds"):
            Cluster(cluster.address)


def another_torch(folder: Path) -> None:
    """What a worker of another version of torch says of it."""
    (folder / "torch-1.0.dist-info").mkdir(parents=True)
    (folder / "torch-1.0.dist-info" / "METADATA").write_text("Metadata-Version: 2.1\nName: torch\nVersion: 1.0\n")


def another_module(folder: Path) -> None:
    """A worker where the user's module was not brought up to date."""
    folder.mkdir()
    (folder / "mine.py").write_text("SIZE = 3\n")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("made", "said"),
    [
        (another_torch, r"torch is 1\.0 there and 2\."),
        (another_module, r"module mine is [0-9a-f]{12} there and [0-9a-f]{12} here"),
        (Path.mkdir, r"module mine is absent there and [0-9a-f]{12} here"),
    ],
)
def test_what_a_worker_lacks_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, made: Callable[[Path], None], said: str
) -> None:
    (tmp_path / "here").mkdir()
    (tmp_path / "here" / "mine.py").write_text("SIZE = 2\n")
    monkeypatch.syspath_prepend(str(tmp_path / "here"))
    made(tmp_path / "there")
    with loopback(tmp_path, 0) as cluster:
        cluster.add_worker("--no-nanny", path=str(tmp_path / "there"))
        with pytest.raises(ClusterError, match=rf"worker tcp://\S+ cannot take part: .*{said}"):
            Cluster(cluster.address, ["mine:SIZE"])


@pytest.mark.slow
def test_a_call_that_kills_every_worker_is_given_up_and_the_others_go_on(tmp_path: Path) -> None:
    with loopback(tmp_path, 0) as cluster:
        for _ in range(2):
            cluster.add_worker()  # with a nanny, which starts another when its worker dies
        with Cluster(cluster.address) as ours:
            calls = [Call(nap, (0.01, place)) for place in range(50)]
            found = dict(ours.run([Call(die, lost=lost), *calls]))
    assert found[0].startswith("every worker of tcp://")
    assert found[0].endswith("that ran it died (on 127.0.0.1)")
    assert [found[place] for place in range(1, 51)] == list(range(50))


@pytest.mark.slow
def test_when_the_last_worker_is_gone_it_is_said_and_another_one_goes_on(tmp_path: Path) -> None:
    with loopback(tmp_path, 1) as cluster:
        told: list[str] = []

        def tell(line: str) -> None:
            told.append(line)
            if "no worker is left" in line:
                cluster.add_worker("--no-nanny")

        with Cluster(cluster.address, (), tell) as ours:
            results = ours.run(Call(nap, (0.5, place)) for place in range(6))
            found = [next(results)]
            cluster.workers[0].kill()
            assert sorted([*found, *results]) == [(place, place) for place in range(6)]
        assert [line for line in told if "first worker" not in line] == [
            f"--scheduler {cluster.address}: no worker is left; waiting for one to join"
        ]


@pytest.mark.slow
def test_light_calls_of_one_shape_travel_together_and_one_that_kills_is_found_among_them(tmp_path: Path) -> None:
    with loopback(tmp_path, 0) as cluster:
        for _ in range(2):
            cluster.add_worker()
        with Cluster(cluster.address) as ours:
            sent: list[int] = []
            submit = ours.submit
            ours.submit = lambda calls: sent.append(len(calls)) or submit(calls)  # type: ignore[method-assign]
            light = [Call(nap, (0.0, place), 0.1, shape="a") for place in range(40)]
            heavy = [Call(nap, (0.0, place), 0.6, shape="b") for place in range(4)]
            bound = [Call(nap, (0.0, place), 0.1, lost, 60.0, "c") for place in range(2)]
            found = dict(ours.run([*light, *heavy, *bound]))
            assert [found[place] for place in range(46)] == [*range(40), *range(4), *range(2)]
            assert sent == [10, 10, 10, 10, 1, 1, 1, 1, 1, 1]
            found = dict(ours.run([*light[:3], Call(die, (), 0.1, lost, shape="a"), *light[4:10]]))
            assert found.pop(3).startswith("every worker of tcp://")
            assert found == {place: place for place in range(10) if place != 3}


@pytest.mark.slow
@pytest.mark.parametrize("nanny", [[], ["--no-nanny"]])
def test_a_call_that_takes_too_long_is_ended_and_its_worker_goes_on(tmp_path: Path, nanny: list[str]) -> None:
    with loopback(tmp_path, 0) as cluster:
        cluster.add_worker(*nanny)
        with Cluster(cluster.address) as ours:
            (worker,) = dict(ours.run([Call(mine, (0.0,))])).values()
            long = Call(nap, (600.0,), lost=lost, limit=1.0)
            short = [Call(nap, (0.01, place), lost=lost, limit=30.0) for place in range(10)]
            found = dict(ours.run([long, *short, Call(mine, (0.0,))]))
    assert found[0] == f"over its time limit of 1 s (on {platform.node()})"
    assert [found[place] for place in range(1, 11)] == list(range(10))
    assert found[11] == worker


@pytest.mark.slow
def test_the_same_bytes_when_a_worker_is_killed(tmp_path: Path) -> None:
    words = ("--profile", "quick", "--device", "cpu", "--out")
    assert done(*words, str(tmp_path / "home")).returncode == 0
    with loopback(tmp_path, 2) as cluster:
        build = begun(*words, str(tmp_path / "away"), "--scheduler", cluster.address)
        assert until(lambda: (tmp_path / "away" / "records").is_dir() and records(tmp_path / "away") > 5, 600)
        cluster.workers[0].kill()
        out, err = build.communicate()
        assert build.returncode == 0, out + err
    assert read(tmp_path / "home") == read(tmp_path / "away")


@pytest.mark.slow
def test_a_scheduler_that_dies_is_said_in_ten_seconds_and_what_is_done_is_kept(tmp_path: Path) -> None:
    out = tmp_path / "away"
    words = ("--profile", "quick", "--device", "cpu", "--out", str(out))
    with loopback(tmp_path, 2) as cluster:
        build = begun(*words, "--scheduler", cluster.address)
        assert until(lambda: (out / "records").is_dir() and records(out) > 5, 600)
        started = time.monotonic()
        cluster.scheduler.kill()
        _, err = build.communicate()
        assert time.monotonic() - started < 10
    assert build.returncode == 3
    assert len(err.splitlines()) == 1, err
    assert "the scheduler is gone; what is done is kept" in err
    kept = {path.name: path.stat().st_mtime_ns for path in (out / "records").glob("*/*.npz")}
    assert done(*words).returncode == 0
    again = {path.name: path.stat().st_mtime_ns for path in (out / "records").glob("*/*.npz")}
    assert {name: again[name] for name in kept} == kept
    assert not (out / "failure.txt").exists()


@pytest.mark.slow
def test_the_workers_of_a_cluster_are_left_alone_when_the_build_is_killed(tmp_path: Path) -> None:
    with loopback(tmp_path, 1) as cluster:
        build = begun(
            "--profile", "quick", "--device", "cpu", "--out", str(tmp_path / "o"), "--scheduler", cluster.address
        )
        assert until(lambda: (tmp_path / "o" / "records").is_dir() and records(tmp_path / "o") > 2, 600)
        os.killpg(build.pid, signal.SIGKILL)
        build.communicate()
        with Cluster(cluster.address) as ours:
            assert list(ours.run([Call(max, (1, 2))])) == [(0, 2)]
