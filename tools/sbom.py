"""The bill of materials of what the image adds to its base: CycloneDX, of an equal environment.

The locked packages and the wheel are installed as the Dockerfile does it, and cyclonedx-py lists
them with versions, licences and what needs what. The base image's own packages are listed by the
release workflow, which has the image.
"""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from modelward import __version__

PROJECT = Path(__file__).resolve().parents[1]


def main() -> None:
    """Write dist/modelward.cdx.json."""
    output = PROJECT / "dist" / "modelward.cdx.json"
    output.parent.mkdir(exist_ok=True)
    write(output)
    print(output.relative_to(PROJECT))


def write(output: Path) -> None:
    """Write the bill of materials as JSON; the same for the same lock file and version."""
    with tempfile.TemporaryDirectory() as folder:
        _run("venv", "--without-pip", folder)
        python = f"{folder}/bin/python"
        install = ("pip", "--python", python, "install", "--quiet", "--no-compile")
        _run(*install, "--require-hashes", "-r", "requirements/operator.txt")
        _run("build", "--wheel", "--no-isolation", f"--outdir={folder}/dist")
        (wheel,) = Path(folder, "dist").iterdir()
        _run(*install, "--no-deps", str(wheel))
        _run(
            *("cyclonedx_py", "environment", python, "--pyproject=pyproject.toml"),
            *("--output-reproducible", "--of=JSON", f"--output-file={output}"),
        )
    bill = json.loads(output.read_text())
    # pyproject.toml takes the version from the code, which cyclonedx-py does not follow.
    bill["metadata"]["component"]["version"] = __version__
    output.write_text(json.dumps(bill, indent=2, sort_keys=True) + "\n")


def _run(module: str, *arguments: str) -> None:
    environment = os.environ | {"PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    command = [sys.executable, "-m", module, *arguments]
    subprocess.run(command, cwd=PROJECT, check=True, env=environment, stdout=subprocess.DEVNULL)


if __name__ == "__main__":
    main()
