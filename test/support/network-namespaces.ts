import { setTimeout as sleep } from 'node:timers/promises'
import { execa } from 'execa'

/** A network namespace with one address, as another machine would have it. */
export interface Machine {
  readonly address: string
  /** The words in front of a command that let it run there. */
  readonly prefix: readonly string[]
}

const ADDRESSES = ['10.77.0.1', '10.77.0.2'] as const

/** Two network namespaces joined by a cable, or why there are none. @see removeMachines */
export async function makeMachines(): Promise<readonly [Machine, Machine] | string> {
  const [first, second] = names()
  try {
    for (const name of [first, second]) await ip('netns', 'add', name)
    await ip('link', 'add', 'cable', 'netns', first, 'type', 'veth', 'peer', 'name', 'cable', 'netns', second)
    for (const [index, name] of [first, second].entries()) {
      await ip('-n', name, 'addr', 'add', `${ADDRESSES[index]}/24`, 'dev', 'cable')
      for (const device of ['cable', 'lo']) await ip('-n', name, 'link', 'set', device, 'up')
    }
    // The kernel tells that a cable is in up to a second later; before, its address is not among those of the machine.
    for (const name of [first, second]) {
      while (!(await ip('-n', name, 'link', 'show', 'cable')).includes('state UP')) await sleep(20)
    }
  } catch (error) {
    await removeMachines()
    return `network namespaces cannot be made here: ${error instanceof Error ? error.message : error}`
  }
  const machine = (name: string, address: string) => ({ address, prefix: ['ip', 'netns', 'exec', name] })
  return [machine(first, ADDRESSES[0]), machine(second, ADDRESSES[1])]
}

export async function removeMachines(): Promise<void> {
  for (const name of names()) await ip('netns', 'delete', name).catch(() => undefined)
}

const names = () => [`ft-cadis-${process.pid}-a`, `ft-cadis-${process.pid}-b`] as const

async function ip(...words: string[]): Promise<string> {
  const { stdout } = await execa('ip', words)
  return stdout
}
