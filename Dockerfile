# The daemon: a slim Python base, the locked dependencies, one unprivileged user.
ARG PYTHON_IMAGE=python:3.11-slim-bookworm

FROM ${PYTHON_IMAGE} AS build
WORKDIR /build
RUN python -m venv /opt/monitor
COPY requirements.lock ./
RUN /opt/monitor/bin/python -m pip install --no-cache-dir --disable-pip-version-check --require-hashes -r requirements.lock
COPY pyproject.toml README.md LICENSE ./
COPY monitor monitor
COPY migrations migrations
COPY config config
COPY seeds seeds
RUN /opt/monitor/bin/python -m pip install --no-cache-dir --disable-pip-version-check --no-deps --no-build-isolation . \
 && /opt/monitor/bin/python -m compileall -q /opt/monitor/lib

FROM ${PYTHON_IMAGE}
RUN useradd --system --uid 10001 --user-group --home-dir /var/lib/monitor --create-home --shell /usr/sbin/nologin monitor \
 && install -d -o monitor -g monitor /etc/monitor /var/lib/monitor/mail
COPY --from=build /opt/monitor /opt/monitor
COPY config/ /etc/monitor/
ENV PATH=/opt/monitor/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    MONITOR_CONFIG=/etc/monitor/monitor.toml \
    MONITOR_DATABASE_URL=sqlite:////var/lib/monitor/monitor.db \
    MONITOR_MAIL_FOLDER=/var/lib/monitor/mail \
    MONITOR_LOG_FORMAT=json
WORKDIR /var/lib/monitor
USER monitor
VOLUME /var/lib/monitor
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=60s --timeout=10s --start-period=60s --retries=3 CMD ["monitor", "health"]
ENTRYPOINT ["monitor"]
CMD ["run"]
