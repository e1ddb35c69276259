import { BaseSequencer, type TestSpecification } from 'vitest/node'

/** The files that take longest, the longest first. A new one need not be here: it only may end last. */
const LONGEST = [
  'installed-package',
  'python',
  'attack/every-procedure',
  'objectives/every-kind',
  'docs/tutorial-photos',
  'cli/commands/certify',
  'training/train',
  'training/distributed',
  'torch/distributed',
  'service/service',
  'training/killed',
  'cli/commands/export',
  'cli/commands/export-architectures',
  'reliability/strangers-folder',
  'training/compiled-classifier',
  'experiments/router',
  'certification/procedures',
  'docs/certify-your-own-classifier',
  'cli/commands/train',
].map(name => `/test/${name}.test.ts`)

/**
 * Starts the longest files first, so that no core waits at the end for one that began late. A clean checkout has no times to go by. Files that
 * share processes are last: a process is kept only for a next file that shares it too.
 */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const place = ({ moduleId, project }: TestSpecification) => {
      if (!project.config.isolate) return LONGEST.length + 1
      const found = LONGEST.findIndex(end => moduleId.endsWith(end))
      return found < 0 ? LONGEST.length : found
    }
    return (await super.sort(files)).toSorted((one, other) => place(one) - place(other))
  }
}
