"""What Locust sends: the same request again and again, without a pause. Run by Locust itself."""

import os

from locust import FastHttpUser, constant, task


class Caller(FastHttpUser):
    """One of Locust's users, on its fast client (geventhttpclient)."""

    wait_time = constant(0)

    @task
    def infer(self) -> None:
        """Ask for a prediction."""
        headers = {"Content-Type": "application/json"}
        self.client.post(os.environ["BENCH_PATH"], data=os.environ["BENCH_BODY"], headers=headers)
