/** A rank that says who it is, and does as it is told: rank 1 to `exit <code>`, all to `wait` for a signal. */
const words = process.argv.slice(2)
const { RANK, WORLD_SIZE, PYTHON_BIN, OMP_NUM_THREADS } = process.env
const say = line => process.stdout.write(`${line}\n`)

say(JSON.stringify({ RANK, WORLD_SIZE, PYTHON_BIN, OMP_NUM_THREADS, pid: process.pid, words }))
process.on('SIGTERM', () => {
  say(`rank ${RANK} got SIGTERM`)
  // Long enough for a second signal, which there must not be.
  setTimeout(() => process.exit(0), 500)
})
if (words[0] === 'exit' && RANK === '1') process.exit(Number(words[1]))
setInterval(() => undefined, 1000)
