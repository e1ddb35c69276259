import { expect, test } from 'vitest'
import { linesThat } from '../support/source-lines'

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
