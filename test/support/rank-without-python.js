const { existsSync, rmSync, writeFileSync } = require('node:fs')
const { tmpdir } = require('node:os')
const { join } = require('node:path')

/** A rank that says who it is, and does as it is told: rank 1 to `exit <code>`, all to `wait` for a signal. */
const words = process.argv.slice(2)
const { RANK, WORLD_SIZE, PYTHON_BIN, OMP_NUM_THREADS, MASTER_PORT } = process.env
const say = line => process.stdout.write(`${line}\n`)

say(JSON.stringify({ RANK, WORLD_SIZE, PYTHON_BIN, OMP_NUM_THREADS, pid: process.pid, words }))
process.on('SIGTERM', () => {
  say(`rank ${RANK} got SIGTERM`)
  // Long enough for a second signal, which there must not be.
  setTimeout(() => process.exit(0), 500)
})
// The first rank that ends has the others ended: it waits until the other one has spoken.
const spoken = join(tmpdir(), `ft-cadis-spoken-${MASTER_PORT}`)
if (words[0] === 'exit' && RANK === '0') writeFileSync(spoken, '')
setInterval(() => {
  if (words[0] !== 'exit' || RANK !== '1' || !existsSync(spoken)) return
  rmSync(spoken)
  process.exit(Number(words[1]))
}, 50)
