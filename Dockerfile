FROM python:3.11-slim
WORKDIR /seuil
COPY requirements requirements
RUN pip install --no-cache-dir --compile --require-hashes -r requirements/run.txt
COPY . .
RUN pip install --no-cache-dir --no-deps --no-build-isolation -e . && useradd --create-home seuil && mkdir -p data && chown seuil data
USER seuil
ENV SEUIL_HOST=0.0.0.0
VOLUME /seuil/data
CMD ["seuil", "serve"]
