import pytest

from settings import SettingError, Settings


def test_defaults_need_nothing() -> None:
    settings = Settings.read({})
    assert (settings.lm, settings.cache, settings.faults) == (None, "memory", False)


def test_key_is_not_shown() -> None:
    assert "secret" not in repr(Settings.read({"DSPY_LM_API_KEY": "secret"}))


@pytest.mark.parametrize(
    ("env", "message"),
    [
        ({"DSPY_LM_CACHE": "on"}, "DSPY_LM_CACHE is 'on': set memory, disk or off"),
        ({"DSPY_LM_CACHE": "disk"}, "set DSPY_LM_CACHE_DIR"),
        ({"DSPY_LM_TIMEOUT": "soon"}, "DSPY_LM_TIMEOUT is 'soon'"),
        ({"DSPY_LM_TIMEOUT": "0"}, "DSPY_LM_TIMEOUT is '0'"),
        ({"DSPY_LM_TIMEOUT": "inf"}, "DSPY_LM_TIMEOUT is 'inf'"),
        ({"DSPY_LM_RETRIES": "-1"}, "DSPY_LM_RETRIES is '-1'"),
    ],
)
def test_bad_values(env: dict[str, str], message: str) -> None:
    with pytest.raises(SettingError, match=message):
        Settings.read(env)
