import { afterEach, beforeEach, expect } from 'vitest'
import type { Session } from '../../src/bridge'
import { countLiveValues } from './support'

/** Lets every test of the file fail that leaves handles alive, or values in Python. */
export function refuseLeaks(session: () => Session): void {
  let before = [0, 0]

  const count = async () => {
    const handles = session().liveTensors()
    return [handles, await session().compute(() => countLiveValues(session()))]
  }

  beforeEach(async () => {
    before = await count()
  })

  afterEach(async () => {
    expect(await count(), 'live handles and values').toEqual(before)
  })
}
