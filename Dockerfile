# The operator and the benchmark runner: one image, two commands.
#   modelward operator | modelward runner
# BASE_IMAGE is any image with Python 3.11 or later and its venv module.
ARG BASE_IMAGE=python:3.11-slim

FROM ${BASE_IMAGE} AS build
WORKDIR /build
RUN python3 -m venv /opt/modelward
COPY requirements/build.txt requirements/operator.txt requirements/
RUN python3 -m venv tools \
    && tools/bin/pip install --require-hashes -r requirements/build.txt \
    && /opt/modelward/bin/pip install --require-hashes -r requirements/operator.txt
COPY pyproject.toml README.md LICENSE ./
COPY operator operator
RUN tools/bin/python -m build --wheel --no-isolation \
    && /opt/modelward/bin/pip install --no-deps --no-index dist/*.whl \
    && /opt/modelward/bin/pip uninstall --yes pip setuptools

FROM ${BASE_IMAGE}
COPY --from=build /opt/modelward /opt/modelward
# USER is for programs that ask for their user's name: this one's number stands in no passwd file.
ENV PATH=/opt/modelward/bin:${PATH} PYTHONUNBUFFERED=1 USER=modelward
USER 65532:65532
ENTRYPOINT ["modelward"]
