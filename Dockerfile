# ft-cadis with Node, Python and PyTorch.
#
#     docker build --tag ft-cadis .                               for the CPU
#     docker build --tag ft-cadis:cuda --build-arg TORCH=cu130 .  for GPUs of NVIDIA
#
# TORCH is the name of an index of https://download.pytorch.org/whl that has the torch of python/requirements.txt.

FROM node:22-bookworm-slim AS package
WORKDIR /build
COPY package.json package-lock.json ./
RUN npm ci --ignore-scripts
COPY . .
# What npm would publish, with the dependencies of the lock file.
RUN npm pack --pack-destination /tmp \
    && mkdir /package \
    && tar --extract --gzip --file "$(ls /tmp/ft-cadis-*.tgz)" --directory /package --strip-components 1 \
    && npm prune --omit=dev --ignore-scripts \
    && mv node_modules /package/node_modules

FROM node:22-bookworm-slim
ARG TORCH=cpu
ARG TORCH_INDEX=https://download.pytorch.org/whl/${TORCH}
RUN apt-get update \
    && apt-get install --yes --no-install-recommends python3 python3-venv \
    && rm -rf /var/lib/apt/lists/*
COPY python/requirements.txt python/requirements-onnx.txt /tmp/
# torch and torchvision come from the index for the device, all else from PyPI.
RUN python3 -m venv /opt/venv \
    && grep -E '^torch(vision)?==' /tmp/requirements.txt > /tmp/torch.txt \
    && /opt/venv/bin/pip install --no-cache-dir --index-url "${TORCH_INDEX}" --extra-index-url https://pypi.org/simple -r /tmp/torch.txt \
    && /opt/venv/bin/pip install --no-cache-dir -r /tmp/requirements.txt -r /tmp/requirements-onnx.txt \
    && rm /tmp/*.txt
COPY --from=package /package /usr/local/lib/node_modules/ft-cadis
RUN ln -s ../lib/node_modules/ft-cadis/dist/cli/main.js /usr/local/bin/ft-cadis \
    && mkdir /work /cache \
    && chown node:node /work /cache
# Weights that `ft-cadis fetch` brings lie in /cache, for which a volume can be named.
ENV PYTHON_BIN=/opt/venv/bin/python XDG_CACHE_HOME=/cache HF_HOME=/cache/huggingface
USER node
WORKDIR /work
ENTRYPOINT ["ft-cadis"]
CMD ["--help"]
