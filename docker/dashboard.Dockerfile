# The dashboard: docker build --file docker/dashboard.Dockerfile --tag virtualpytest-dashboard .
FROM python:3.12-slim-bookworm AS build
WORKDIR /src
COPY pyproject.toml README.md LICENSE ./
COPY pytest_virtualpytest pytest_virtualpytest
COPY host/virtualpytest_host host/virtualpytest_host
COPY dashboard/virtualpytest_dashboard dashboard/virtualpytest_dashboard
RUN python -m venv /opt/virtualpytest && /opt/virtualpytest/bin/pip install --no-cache-dir '.[dashboard,postgresql]'

FROM python:3.12-slim-bookworm
# hosts of the lab are reached by ssh
RUN apt-get update && apt-get install --yes --no-install-recommends openssh-client && rm -rf /var/lib/apt/lists/* \
    && useradd --uid 10001 --create-home virtualpytest && install --directory --owner virtualpytest /results
COPY --from=build /opt/virtualpytest /opt/virtualpytest
ENV PATH=/opt/virtualpytest/bin:$PATH
USER virtualpytest
EXPOSE 8400
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8400/healthz', timeout=4)"]
ENTRYPOINT ["virtualpytest", "dashboard"]
CMD ["/results", "--host", "0.0.0.0", "--users"]
