"""Some hundred requests that are nearly right: an answer or a problem, and nothing worse.

``python -m benchmarks.serving.fuzz`` sends them for as long as one likes.
"""

from itertools import islice

import httpx

from tests.service import fuzzing
from tests.service.problem import problem_in
from tests.service.running import RunningService


def test_what_is_nearly_right_gets_an_answer_or_a_problem(
    server: RunningService, http: httpx.Client
) -> None:
    statuses = set()
    for case in islice(fuzzing.cases(seed=7), 400):
        answer = http.post(
            f"/predict{case.query}", content=case.body, headers={"Content-Type": case.content_type}
        )
        statuses.add(answer.status_code)
        if answer.status_code == 200:
            assert answer.json()["predictions"]
        else:
            assert answer.status_code in (400, 413, 415, 422)
            problem_in(answer, answer.status_code)
    assert {200, 400, 415, 422} <= statuses
    assert "Traceback" not in server.log_path.read_text()
