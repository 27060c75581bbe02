"""The real Kubernetes that tests and the demo run on."""

import argparse
import os
import sys
from pathlib import Path

from tests.cluster import choice, paths
from tests.cluster.errors import ClusterError
from tests.cluster.images import base_image, build_image
from tests.cluster.install import CLUSTER_WIDE, image, install_operator, remove_operator
from tests.cluster.provider import Cluster, Provider
from tests.cluster.providers import PROVIDERS


def main(arguments: list[str] | None = None) -> int:
    """Run one command; the exit code."""
    options = _parser().parse_args(arguments)
    try:
        code: int = options.run(options)
    except ClusterError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return code


def _provider(options: argparse.Namespace) -> Provider:
    chosen = choice.present() if options.provider is None else None
    if chosen:
        print(chosen, file=sys.stderr)
    return PROVIDERS[chosen.name if chosen else options.provider]


def _up(options: argparse.Namespace) -> int:
    provider = _provider(options)
    cluster = provider.up(options.name, control_plane_only=options.control_plane_only)
    print(cluster.kubeconfig.relative_to(paths.PROJECT_ROOT))
    return 0


def _down(options: argparse.Namespace) -> int:
    was_there = _provider(options).down(options.name)
    print(f"Cluster {options.name} {'is gone' if was_there else 'was not there'}")
    return 0


def _status(options: argparse.Namespace) -> int:
    provider = _provider(options)
    for name in provider.names():
        cluster = provider.find(name)
        if cluster is None:
            print(f"{name}\tbroken: bring it up again, or take it down")
        else:
            kind = "control plane only" if cluster.netns is None else "node"
            print(f"{name}\tup\t{kind}\t{cluster.kubeconfig.relative_to(paths.PROJECT_ROOT)}")
    return 0


def _kubectl(options: argparse.Namespace) -> int:
    cluster = _running(options)
    program = str(cluster.kubectl_program)
    os.execv(program, [program, f"--kubeconfig={cluster.kubeconfig}", *_words(options)])


def _run(options: argparse.Namespace) -> int:
    result = _running(options).run_in_node(_words(options), check=False)
    sys.stdout.write(result.stdout)
    sys.stderr.write(result.stderr)
    return result.returncode


def _load(options: argparse.Namespace) -> int:
    _running(options).load_image(options.image)
    return 0


def _deploy(options: argparse.Namespace) -> int:
    install_operator(_running(options), options.overlay)
    print(f"The operator runs: image {image()}, {options.overlay}")
    return 0


def _undeploy(options: argparse.Namespace) -> int:
    remove_operator(_running(options), options.overlay)
    return 0


def _base_image(_: argparse.Namespace) -> int:
    print(base_image())
    return 0


def _build_image(options: argparse.Namespace) -> int:
    context: Path = options.context
    dockerfile = options.file or context / "Dockerfile"
    arguments = dict(argument.partition("=")[::2] for argument in options.build_arg)
    build_image(context, dockerfile, options.tag, arguments)
    return 0


def _running(options: argparse.Namespace) -> Cluster:
    cluster = _provider(options).find(options.name)
    if cluster is None:
        message = (
            f"cluster {options.name} is not up; bring it up by: "
            f"python -m tests.cluster up --name {options.name}"
        )
        raise ClusterError(message)
    return cluster


def _words(options: argparse.Namespace) -> list[str]:
    words: list[str] = options.words
    return words[1:] if words[:1] == ["--"] else words


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.cluster", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    on_cluster = argparse.ArgumentParser(add_help=False)
    on_cluster.add_argument("--name", default=paths.DEFAULT_NAME, help="default: %(default)s")
    on_cluster.add_argument("--provider", choices=sorted(PROVIDERS), help="default: as is fit")

    up = commands.add_parser("up", parents=[on_cluster], help="bring a cluster up")
    up.add_argument("--control-plane-only", action="store_true", help="etcd and kube-apiserver")
    up.set_defaults(run=_up)
    down = commands.add_parser("down", parents=[on_cluster], help="remove all of a cluster")
    down.set_defaults(run=_down)
    status = commands.add_parser("status", parents=[on_cluster], help="list the clusters")
    status.set_defaults(run=_status)
    load = commands.add_parser("load", parents=[on_cluster], help="give the node a built image")
    load.add_argument("image")
    load.set_defaults(run=_load)
    for name, run, text in (
        ("deploy", _deploy, "install the operator, and wait until it runs"),
        ("undeploy", _undeploy, "remove it, the CRDs and every resource"),
    ):
        command = commands.add_parser(name, parents=[on_cluster], help=text)
        command.add_argument("--overlay", type=Path, default=CLUSTER_WIDE)
        command.set_defaults(run=run)
    for name, run, text in (
        ("kubectl", _kubectl, "run kubectl on the cluster"),
        ("run", _run, "run a program of this machine in the node's network"),
    ):
        command = commands.add_parser(name, parents=[on_cluster], help=text)
        command.add_argument("words", nargs=argparse.REMAINDER, metavar="-- ARGUMENT ...")
        command.set_defaults(run=run)
    _add_image_commands(commands)
    return parser


def _add_image_commands(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    base = commands.add_parser("base-image", help="make the base image; prints its name")
    base.set_defaults(run=_base_image)
    build = commands.add_parser("build-image", help="build an image, unless it is kept already")
    build.add_argument("context", type=Path)
    build.add_argument("--tag", required=True)
    build.add_argument("--file", type=Path, help="default: CONTEXT/Dockerfile")
    build.add_argument("--build-arg", action="append", default=[], metavar="NAME=VALUE")
    build.set_defaults(run=_build_image)


if __name__ == "__main__":
    sys.exit(main())
