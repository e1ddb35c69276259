#!/usr/bin/env bash
# Measures on a GPU what docs/performance.md lists for one: arms in order of value, each with its own time limit, each written when done.
#
#     bench/gpu.sh run <folder> [arm…]     in a checkout, or where an archive is unpacked
#     bench/gpu.sh pack <archive>          for a machine that has a Python with torch, timm and peft, but no Node and no network
#
# Unpack an archive with `tar xJf`, and run the script in it.
set -euo pipefail
here=$(cd "$(dirname "$0")/.." && pwd)

pack() {
  local archive=$1
  work=$(mktemp -d)
  trap 'rm -rf "$work"' EXIT
  (cd "$here" && npx tsc --noEmit false --sourceMap false --rootDir . --outDir "$work/app" --project tsconfig.json)
  rm -rf "$work/app/test" "$work/app/examples" "$work/app/scripts"
  (cd "$here" && git ls-files -z --cached --others --exclude-standard python assets bench package.json package-lock.json .npmrc | grep -zv '\.ts$' |
    xargs -0 cp --parents -t "$work/app")
  (cd "$work/app" && npm ci --omit=dev --ignore-scripts --silent)
  # What draws pictures and serves pages is large, and nothing here loads it.
  (cd "$work/app/node_modules" && rm -rf pdfkit svg-to-pdfkit fontkit dejavu-fonts-ttf @resvg @fastify/swagger-ui vega vega-lite brotli)
  find "$work/app/node_modules" \( -name '*.map' -o -name '*.md' -o -name '*.d.ts' -o -name '*.d.mts' -o -name '*.d.cts' \) -delete
  mkdir "$work/bin" "$work/wheels"
  cp "$(command -v node)" "$work/bin/node"
  "${PYTHON:-python3}" -m pip download --quiet --no-deps --dest "$work/wheels" \
    "$(grep -h '^diffusers==' "$here"/python/*.txt | head -1)"
  tar cf - -C "$work" app bin wheels | xz -T0 -6 >"$archive"
  ls -l "$archive"
}

# Measures parts of bench/full-size/full-size.ts with a time limit in seconds; a failure does not stop the next arm.
full_size() {
  local limit=$1 scale=$2 name=$3 begun=$SECONDS
  local words=(--scale "$scale" --match fast --rates "$out/rates-$scale.json" --json "$out/$name.json")
  timeout --kill-after=5 "$limit" "${BENCH[@]}" "${words[@]}" "${@:4}" >"$out/$name.log" 2>&1 ||
    echo "$name: failed, or ran past $limit s"
  grep -aE '│|rror' "$out/$name.log" | tail -50 || true
  echo "$name: $((SECONDS - begun)) s, done at $SECONDS s"
}

# One network, one way of computing it: several compile side by side, and are timed one at a time. The compiler of one may time its
# kernels meanwhile, so only large differences count.
variants() {
  local name=$1 limit=$2
  xargs -P 5 -L 1 timeout --kill-after=5 "$limit" env TORCHINDUCTOR_COMPILE_THREADS=4 "$PYTHON" \
    "$here/bench/full-size/network_rates.py" --lock "$out/lock" --json "$out/networks.jsonl" >"$out/$name.log" 2>&1 || true
  grep -a '"images_per_second"' "$out/$name.log" || true
}

run() {
  out=$1
  shift
  mkdir -p "$out"
  PYTHON=${PYTHON:-$(command -v python3)}
  export PYTHON_BIN=$PYTHON
  if [ -x "$here/../bin/node" ]; then
    BENCH=("$here/../bin/node" "$here/bench/full-size/full-size.js")
    "$PYTHON" -m pip install --quiet --no-index --no-deps --target "$here/../site" "$here"/../wheels/*.whl
    export PYTHONPATH="$here/../site"
  else
    BENCH=(npx ts-node "$here/bench/full-size/full-size.ts")
  fi
  # One after the other: the compiler times kernels on the GPU.
  local arms=("$@")
  [ ${#arms[@]} -gt 0 ] || arms=(cifar10 finetuning imagenet imagenet-finetuning networks imagenet-networks more-networks)
  for each in "${arms[@]}"; do "arm_$each"; done
}

arm_cifar10() { full_size 240 cifar10 cifar10-certification --only certification adaptive; }
arm_finetuning() { full_size 300 cifar10 cifar10-finetuning --only finetuning; }
arm_imagenet() { full_size 300 imagenet imagenet-certification --only certification; }
arm_imagenet-finetuning() { full_size 300 imagenet imagenet-finetuning --only finetuning; }

arm_networks() {
  variants networks 170 <<'LIST'
cifar10 classifier compiled --profile
cifar10 classifier convolutions --profile
LIST
}

arm_imagenet-networks() {
  variants imagenet-networks 240 <<'LIST'
imagenet denoiser compiled --profile
imagenet classifier compiled --profile
LIST
}

arm_more-networks() {
  variants more-networks 300 <<'LIST'
cifar10 denoiser compiled --profile
cifar10 denoiser eager
cifar10 classifier eager
cifar10 classifier autocast
cifar10 classifier float8 --profile
cifar10 classifier cudnn-attention
cifar10 classifier whole
cifar10 classifier coordinate-descent
cifar10 classifier max-autotune-gemm
cifar10 classifier tokens-200
cifar10 classifier tokens-208
cifar10 denoiser conv-1x1-as-mm
cifar10 denoiser contiguous
cifar10 denoiser coordinate-descent
cifar10 denoiser max-autotune
cifar10 denoiser compiled --batch 64
cifar10 denoiser cudagraphs --batch 64
cifar10 classifier compiled --batch 64
cifar10 classifier cudagraphs --batch 64
LIST
}

case ${1-} in
  pack) pack "$2" ;;
  run) run "${@:2}" ;;
  *)
    sed -n '2,7p' "$0"
    exit 2
    ;;
esac
