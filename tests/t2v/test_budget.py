"""Prices, the daily budget, the pace of past jobs and what tells films apart."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from custom_components.cuelight.t2v import (
    AuthenticationFailed,
    BadFilm,
    BalanceEmpty,
    BudgetExceeded,
    CreateUnconfirmed,
    DeadlineExceeded,
    FilmRequest,
    GeneratedFilm,
    InvalidRequest,
    JobFailed,
    JobHandle,
    JobLost,
    Ledger,
    Moderated,
    Pace,
    Provider,
    QuotaExceeded,
    StudioUnreachable,
    T2VError,
    estimate_usd,
    falls_back,
    film_key,
    is_over,
    kind_of,
    make_provider,
)

REQUEST = FilmRequest("a cat jumps", seed=7)
DAY = 86400.0


def provider(name: str, **settings: str) -> Provider:
    return make_provider(name, object(), {"base_url": "http://host", "key": "k", **settings})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("studio", "request_", "usd"),
    [
        (provider("storyboard"), REQUEST, 0.0),
        (provider("comfyui", workflow="{}"), REQUEST, 0.0),
        (provider("openai_videos"), REQUEST, 0.0),
        (provider("openai_videos", dialect="openrouter", model="alibaba/wan-2.6"), REQUEST, None),
        (provider("fal", model="fal-ai/wan/v2.2-a14b/text-to-video"), REQUEST, 0.2),
        (provider("dashscope", model="wan2.7-t2v"), replace(REQUEST, width=1920, height=1080), 0.75),
        (provider("replicate", model="someone/something"), REQUEST, None),
    ],
    ids=lambda value: getattr(value, "name", None),
)
def test_the_price_is_the_tables_or_unknown(studio: Provider, request_: FilmRequest, usd: float | None) -> None:
    assert estimate_usd(studio, request_) == usd


def test_the_users_price_counts_over_the_table_but_not_where_films_are_free() -> None:
    assert estimate_usd(provider("replicate"), REQUEST, 0.02) == 0.1
    assert estimate_usd(provider("fal"), REQUEST, 0.5) == 2.5
    assert estimate_usd(provider("storyboard"), REQUEST, 0.5) == 0.0


def test_the_daily_budget_refuses_in_a_sentence_and_starts_anew_each_day() -> None:
    ledger = Ledger()
    ledger.reserve("a", DAY + 10, 0.4, 1.0, DAY, "fal")
    ledger.reserve("b", DAY + 20, 0.4, 1.0, DAY, "fal")
    with pytest.raises(BudgetExceeded, match=r"costs about 0\.40 USD, and 0\.80 of today's 1\.00 USD"):
        ledger.reserve("c", DAY + 30, 0.4, 1.0, DAY, "fal")
    ledger.reserve("c", 2 * DAY + 1, 0.4, 1.0, 2 * DAY, "fal")
    assert ledger.spent_since(2 * DAY) == 0.4


def test_what_a_job_really_cost_replaces_the_estimate_and_a_refused_one_costs_nothing() -> None:
    ledger = Ledger()
    ledger.reserve("a", DAY, 0.4, None, DAY, "fal")
    ledger.reserve("b", DAY, 0.4, None, DAY, "fal")
    ledger.settle("a", 0.25)
    ledger.settle("gone", 9.0)
    ledger.release("b")
    assert ledger.spent_since(DAY) == 0.25
    assert Ledger.from_dict(json.loads(json.dumps(ledger.as_dict()))) == ledger


def test_an_unknown_price_cannot_keep_a_budget_and_says_what_to_enter() -> None:
    ledger = Ledger()
    with pytest.raises(BudgetExceeded, match="enter a price per second"):
        ledger.reserve("a", DAY, None, 1.0, DAY, "Replicate")
    ledger.reserve("a", DAY, None, None, DAY, "Replicate")
    assert ledger.spent_since(DAY) == 0


def test_a_free_film_passes_any_budget() -> None:
    Ledger().reserve("a", DAY, 0.0, 0.0, DAY, "Storyboard")


def test_old_entries_are_dropped_and_damaged_ones_ignored() -> None:
    ledger = Ledger.from_dict({"old": [1.0, 5.0], "bad": "x", "worse": [1]})
    ledger.reserve("new", 30 * DAY, 0.1, None, 29 * DAY, "fal")
    assert list(ledger.entries) == ["new"]


def test_the_pace_is_the_usual_of_the_last_films_of_a_kind() -> None:
    pace = Pace()
    kind = kind_of(provider("fal"), REQUEST)
    assert pace.expected_s(kind) is None
    for seconds in (500.0, 60.0, 61.0, 62.0, 63.0, 600.0):
        pace.learn(kind, GeneratedFilm(Path("x"), "fal", 7, elapsed_s=seconds))
    assert pace.expected_s(kind) == 62.0
    assert pace.expected_s(kind_of(provider("fal"), replace(REQUEST, duration_s=9))) is None
    assert Pace.from_dict(json.loads(json.dumps(pace.as_dict()))) == pace


def test_the_memory_of_paces_is_bounded() -> None:
    pace = Pace()
    for number in range(200):
        pace.learn(str(number), GeneratedFilm(Path("x"), "fal", 7, elapsed_s=1.0))
    assert len(pace.seconds) == 64
    assert pace.expected_s("199") == 1.0


def test_films_are_told_apart_by_everything_that_changes_them_and_by_nothing_else() -> None:
    fal = provider("fal")
    key = film_key(fal, REQUEST)
    assert key == film_key(provider("fal", key="another"), replace(REQUEST, prompt="  a cat\njumps "))
    others = [
        film_key(fal, replace(REQUEST, prompt="a dog jumps")),
        film_key(fal, replace(REQUEST, seed=8)),
        film_key(fal, replace(REQUEST, seed=None)),
        film_key(fal, replace(REQUEST, width=480, height=832)),
        film_key(provider("fal", model="fal-ai/other"), REQUEST),
        film_key(provider("dashscope"), REQUEST),
        film_key(provider("comfyui", workflow="{}"), REQUEST),
        film_key(provider("comfyui", workflow='{"1": {}}'), REQUEST),
    ]
    assert len({key, *others}) == len(others) + 1


def test_another_studio_is_tried_only_when_this_one_took_no_job() -> None:
    tried = (StudioUnreachable, QuotaExceeded, BalanceEmpty, BudgetExceeded, AuthenticationFailed, Moderated)
    not_tried = (CreateUnconfirmed, DeadlineExceeded, JobFailed, JobLost, BadFilm, InvalidRequest)
    assert all(falls_back(kind("x")) for kind in tried)
    assert not any(falls_back(kind("x")) for kind in not_tried)


@pytest.mark.parametrize(
    ("identity", "error", "over"),
    [
        ("job", JobFailed("x"), True),
        ("job", JobLost("x"), True),
        ("job", BadFilm("x"), True),
        ("job", DeadlineExceeded("x"), False),
        ("job", StudioUnreachable("x"), False),
        ("job", QuotaExceeded("x"), False),
        ("job", BalanceEmpty("x"), True),
        (None, StudioUnreachable("x"), True),
        (None, CreateUnconfirmed("x"), True),
        (None, CreateUnconfirmed("x", undecided=1), False),
        (None, DeadlineExceeded("x"), False),
    ],
)
def test_a_job_is_forgotten_only_when_nothing_can_come_of_it(identity: str | None, error: T2VError, over: bool) -> None:
    assert is_over(JobHandle("fal", REQUEST, 0.0, id=identity), error) is over


@pytest.mark.parametrize(
    ("name", "data", "field"),
    [
        ("nobody", {}, "provider"),
        ("fal", {"model": "x"}, "key"),
        ("openai_videos", {}, "base_url"),
        ("comfyui", {"base_url": "http://host"}, "workflow"),
        ("dashscope", {"key": "k", "base_url": "host"}, "base_url"),
    ],
)
def test_a_studio_with_a_field_missing_is_refused_by_name(name: str, data: dict[str, str], field: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        make_provider(name, object(), data)  # type: ignore[arg-type]
    assert caught.value.fields["field"] == field


@pytest.mark.parametrize("data", [{}, {"provider": "fal"}, {"provider": "fal", "request": 7}, None, [], "x"])
def test_a_damaged_handle_is_refused(data: object) -> None:
    with pytest.raises(InvalidRequest, match="no stored job"):
        JobHandle.from_dict(data)  # type: ignore[arg-type]
