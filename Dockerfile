# The operator and the benchmark runner: one image, two commands.
#   modelward operator | modelward runner
# BASE_IMAGE is any image with Python 3.11 or later and its venv module.
ARG BASE_IMAGE=python:3.11-slim

FROM ${BASE_IMAGE} AS build
# The time that builders give to files; with it the same commit gives the same image again.
ARG SOURCE_DATE_EPOCH
WORKDIR /build
# Whatever the builder's umask is, everybody may read what is installed.
RUN umask 022 && python3 -m venv --without-pip /opt/modelward && python3 -m venv tools
COPY requirements/build.txt requirements/operator.txt requirements/
RUN umask 022 \
    && tools/bin/pip install --require-hashes -r requirements/build.txt \
    && tools/bin/pip --python /opt/modelward/bin/python install --no-compile \
        --require-hashes -r requirements/operator.txt
COPY pyproject.toml README.md LICENSE ./
COPY operator operator
# Compiled files know their sources by hash: a time in them would be that of the build.
RUN umask 022 \
    && tools/bin/python -m build --wheel --no-isolation \
    && tools/bin/pip --python /opt/modelward/bin/python install --no-compile \
        --no-deps --no-index dist/*.whl \
    && /opt/modelward/bin/python -m compileall -q -f --invalidation-mode unchecked-hash \
        /opt/modelward/lib

FROM ${BASE_IMAGE}
COPY --from=build /opt/modelward /opt/modelward
# USER is for programs that ask for their user's name: this one's number stands in no passwd file.
ENV PATH=/opt/modelward/bin:${PATH} PYTHONUNBUFFERED=1 USER=modelward
USER 65532:65532
ENTRYPOINT ["modelward"]
