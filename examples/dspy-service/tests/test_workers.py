"""Several processes behind one port."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from conftest import eventually, running


def test_workers_share_the_disk_cache(tmp_path: Path) -> None:
    env = {"DSPY_LM_CACHE": "disk", "DSPY_LM_CACHE_DIR": str(tmp_path / "cache")}
    with running(tmp_path / "log", workers=4, **env) as service:
        started = "Application startup complete"
        eventually(lambda: service.log.read_text().count(started) == 4)
        first = service.post("/predict", "cot", "Shared?").json()
        assert first["cached"] is False
        # A connection each, so that more than one worker answers.
        with ThreadPoolExecutor(16) as pool:
            close = {"Connection": "close"}
            again = list(
                pool.map(lambda _: service.post("/predict", "cot", "Shared?", **close), range(48))
            )
        assert all(response.json()["cached"] for response in again)


def test_cache_off(tmp_path: Path) -> None:
    with running(tmp_path / "log", DSPY_LM_CACHE="off") as service:
        answers = [service.post("/predict", "predict", "Again?").json() for _ in range(2)]
    assert [answer["cached"] for answer in answers] == [False, False]


def test_faults_need_the_switch(tmp_path: Path) -> None:
    with running(tmp_path / "log") as service:
        assert service.post("/predict", "predict", "x", X_Fault="500").status_code == 200
