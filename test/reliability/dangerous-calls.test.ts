import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { PACKAGE_FOLDER } from '../../src/files/package-folder'

/** Lines of sources that match, as `file: line`. */
function linesThat(match: RegExp, folder: string, extension: string): string[] {
  const root = join(PACKAGE_FOLDER, folder)
  return readdirSync(root, { recursive: true, encoding: 'utf8' })
    .filter(name => name.endsWith(extension))
    .flatMap(name =>
      readFileSync(join(root, name), 'utf8')
        .split('\n')
        .filter(line => match.test(line))
        .map(line => `${join(folder, name)}: ${line.trim()}`),
    )
}

test('TypeScript starts programs without a shell, and evaluates no text', () => {
  const dangerous = /shell:\s*true|\bexecSync\b|\bexec\b.*child_process|\beval\(|new Function\(|node:vm/
  expect(dangerous.test("import { exec } from 'node:child_process'")).toBe(true)
  expect(linesThat(dangerous, 'src', '.ts')).toEqual([])
  // What shows that files are looked at.
  expect(linesThat(/execa\(/, 'src', '.ts').length).toBeGreaterThan(2)
})

test('Python starts programs without a shell, evaluates no text and unpickles nothing', () => {
  const dangerous = /os\.system|os\.popen|shell=True|(^|[^.\w])(eval|exec|compile)\(|trust_remote_code=True/
  expect(['x = eval(text)', 'exec(code, {})'].filter(line => dangerous.test(line))).toHaveLength(2)
  expect(dangerous.test('model.eval()')).toBe(false)
  expect(linesThat(dangerous, 'python', '.py')).toEqual([])
  // Exceptions of worker processes are pickled to see whether they can be; nothing that is read from a file is.
  expect(linesThat(/pickle\.loads?\(|allow_pickle=True/, 'python', '.py')).toEqual([
    'python/ftcadis_host/data/batch_readers.py: pickle.loads(pickle.dumps(error))',
  ])
  for (const line of linesThat(/torch\.load\(/, 'python', '.py')) expect(line).toContain('weights_only=True')
  expect(linesThat(/torch\.load\(/, 'python', '.py')).toHaveLength(1)
})
