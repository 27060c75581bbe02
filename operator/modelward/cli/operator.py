"""`modelward operator`: the command line of the operator."""

import argparse
import os
import re
from pathlib import Path

RUNNER_IMAGE = "MODELWARD_RUNNER_IMAGE"
RUNNER_PULL_POLICY = "MODELWARD_RUNNER_PULL_POLICY"
NAMESPACES = "MODELWARD_NAMESPACES"
POD_NAME = "MODELWARD_POD_NAME"
POD_NAMESPACE = "MODELWARD_POD_NAMESPACE"
PROMETHEUS = "MODELWARD_PROMETHEUS"
LOG_LEVEL = "MODELWARD_LOG_LEVEL"
ANYWHERE = "0.0.0.0"  # noqa: S104
"""The kubelet probes the pod's address, which nobody knows beforehand."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options; those that a Deployment sets have environment variables, too."""
    _add_what(parser)
    _add_prometheus(parser)
    _add_how(parser)


def _add_what(parser: argparse.ArgumentParser) -> None:
    """Which cluster and namespaces, and which image."""
    env = os.environ
    parser.add_argument("--kubeconfig", type=Path, help="default: as kubectl, or the pod's own")
    parser.add_argument("--context", help="context of the kubeconfig")
    parser.add_argument(
        "--namespace",
        action="append",
        dest="namespaces",
        type=_namespace,
        help=f"look after this namespace only; may be repeated ({NAMESPACES}, by commas)",
    )
    parser.add_argument(
        "--runner-image",
        default=env.get(RUNNER_IMAGE),
        help=f"image of benchmark pods ({RUNNER_IMAGE}); default: that of the pod this runs in",
    )
    parser.add_argument(
        "--runner-pull-policy",
        default=env.get(RUNNER_PULL_POLICY, "IfNotPresent"),
        choices=("Always", "IfNotPresent", "Never"),
        help=f"of that image ({RUNNER_PULL_POLICY}); default %(default)s",
    )


def _add_prometheus(parser: argparse.ArgumentParser) -> None:
    """Where users' requests are measured."""
    configured = os.environ.get(PROMETHEUS)
    parser.add_argument(
        "--prometheus",
        type=Path,
        default=Path(configured) if configured else None,
        metavar="FILE",
        help=f"where Prometheus is, and how it is asked ({PROMETHEUS}); see docs/operations.md",
    )


def _add_how(parser: argparse.ArgumentParser) -> None:
    """How the process runs."""
    parser.add_argument(
        "--listen",
        default=f"{ANYWHERE}:8080",
        metavar="HOST:PORT",
        help="where /healthz, /readyz and /metrics are; default %(default)s",
    )
    parser.add_argument(
        "--workers", type=int, default=16, help="rounds at the same time; default %(default)s"
    )
    parser.add_argument(
        "--resync",
        type=float,
        default=600.0,
        metavar="SECONDS",
        help="how often the cache is checked against the API server; default %(default)s",
    )
    parser.add_argument(
        "--log-level",
        default=os.environ.get(LOG_LEVEL, "info"),
        choices=("debug", "info", "warning", "error"),
        help=f"({LOG_LEVEL}); default %(default)s",
    )


def _namespace(text: str) -> str:
    """Take a namespace's name; Kopf would take a pattern for a name that does not exist."""
    if not re.fullmatch(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?", text):
        raise argparse.ArgumentTypeError(f"{text!r} is no namespace's name; patterns don't work")
    return text


def run(arguments: argparse.Namespace) -> int:
    """Run the operator until SIGTERM or SIGINT."""
    # Imported here, so that `modelward runner` does without Kopf.
    from modelward.cluster.own_image import PodName  # noqa: PLC0415
    from modelward.cluster.run import Options, main  # noqa: PLC0415

    env = os.environ
    pod = env.get(POD_NAMESPACE), env.get(POD_NAME)
    listed = env.get(NAMESPACES, "").replace(",", " ").split()
    namespaces = arguments.namespaces or [_namespace(each) for each in listed]
    host, _, port = arguments.listen.rpartition(":")
    return main(
        Options(
            runner_image=arguments.runner_image,
            runner_pull_policy=arguments.runner_pull_policy,
            pod=PodName(pod[0], pod[1]) if pod[0] and pod[1] else None,
            kubeconfig=arguments.kubeconfig,
            context=arguments.context,
            namespaces=tuple(sorted(set(namespaces))),
            host=host,
            port=int(port),
            workers=arguments.workers,
            resync_seconds=arguments.resync,
            log_level=arguments.log_level,
            prometheus=arguments.prometheus,
        )
    )
