# A host of the lab: docker build --file docker/host.Dockerfile --tag virtualpytest-host .
# It listens on nothing. It is entered: python = "docker exec -i vpt-host python" in the lab file.
FROM python:3.12-slim-bookworm AS build
WORKDIR /src
COPY pyproject.toml README.md LICENSE ./
COPY pytest_virtualpytest pytest_virtualpytest
COPY host/virtualpytest_host host/virtualpytest_host
COPY dashboard/virtualpytest_dashboard dashboard/virtualpytest_dashboard
RUN python -m venv /opt/virtualpytest && /opt/virtualpytest/bin/pip install --no-cache-dir '.[host,text]'

FROM python:3.12-slim-bookworm
# what OpenCV and the network's measurements need
RUN apt-get update \
    && apt-get install --yes --no-install-recommends libgl1 libglib2.0-0 iproute2 iputils-ping \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --uid 10001 --create-home virtualpytest \
    && install --directory --owner virtualpytest /var/lib/virtualpytest
COPY --from=build /opt/virtualpytest /opt/virtualpytest
ENV PATH=/opt/virtualpytest/bin:$PATH VPT_STATE=/var/lib/virtualpytest
USER virtualpytest
HEALTHCHECK --interval=5m --timeout=30s CMD ["python", "-c", "import av, cv2, virtualpytest_host.agent"]
CMD ["sleep", "infinity"]
