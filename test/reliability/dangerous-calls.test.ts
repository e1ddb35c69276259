import { expect, test } from 'vitest'
import { linesThat } from '../support/source-lines'

test('TypeScript starts programs without a shell, and evaluates no text', () => {
  const dangerous =
    /shell:\s*true|\bexecSync\b|\bexec\b.*child_process|(^|[^.\w])eval\(|new Function\(|node:vm/
  expect(dangerous.test("import { exec } from 'node:child_process'")).toBe(true)
  expect(dangerous.test('eval(text)')).toBe(true)
  expect(linesThat(dangerous, 'src', '.ts')).toEqual([])
  // What shows that files are looked at.
  expect(linesThat(/execa\(/, 'src', '.ts').length).toBeGreaterThan(2)
})

test('Python starts programs without a shell, evaluates no text and unpickles nothing', () => {
  const dangerous = /os\.system|os\.popen|shell=True|(^|[^.\w])(eval|exec|compile)\(|trust_remote_code=True/
  expect(['x = eval(text)', 'exec(code, {})'].filter(line => dangerous.test(line))).toHaveLength(2)
  expect(dangerous.test('model.eval()')).toBe(false)
  expect(linesThat(dangerous, 'python', '.py')).toEqual([])
  // Exceptions of worker processes are pickled to see whether they can be, and torch hands over what it has just pickled;
  // nothing that is read from a file or a socket is.
  expect(linesThat(/pickle\.loads?\(|allow_pickle=True/, 'python', '.py')).toEqual([
    'python/ftcadis_host/data/batch_readers.py: pickle.loads(pickle.dumps(error))',
    'python/ftcadis_host/ranks/rendezvous.py: found = self._backend.set_state(_to_json(pickle.loads(state)), token)',
  ])
  for (const line of linesThat(/torch\.load\(/, 'python', '.py')) expect(line).toContain('weights_only=True')
  expect(linesThat(/torch\.load\(/, 'python', '.py')).toHaveLength(1)
})

test('of the command line a run records the program alone', () => {
  // The others start this program again, say how to, or see that no command is named.
  expect(linesThat(/process\.argv/, 'src', '.ts').sort()).toEqual([
    'src/cli/main.ts: if (process.argv.length > 2) return createFtCadis().parseAsync()',
    "src/cli/run-experiment.ts: const [, program = '', ...words] = process.argv",
    'src/cli/train/resume-command.ts: export function resumeCommand(argv: readonly string[] = process.argv): string {',
    'src/training/train.ts: script: isBuiltIn(objective.kind) ? null : (process.argv[1] ?? null),',
  ])
})

test('files are written by one writer in TypeScript and one in Python', () => {
  const typeScript =
    /\b(writeFile|writeFileSync|appendFileSync|openSync|createWriteStream|copyFile|truncate)\(|\bopen\(.*'[arwx]?[awx]\+?'/
  const python =
    /\bopen\([^)]*["'][rb]*[wax+]|write_text\(|write_bytes\(|torch\.save\(|NamedTemporaryFile|mktemp\(/
  expect(
    ['await writeFile(path, text)', "open(path, 'a')"].filter(line => typeScript.test(line)),
  ).toHaveLength(2)
  expect(['open(path, "wb")', 'path.write_text(text)'].filter(line => python.test(line))).toHaveLength(2)
  // Outside of files/: what that has opened.
  const outside = linesThat(typeScript, 'src', '.ts').filter(line => !line.startsWith('src/files/'))
  expect(outside.sort()).toEqual([
    'src/environment/virtual-environment.ts: await file.truncate(0)',
    'src/runs/run-folder.ts: await this.#metrics.truncate(resumed?.metricsBytes ?? 0)',
  ])
  // `new` is the file that the writer hands out.
  const others = linesThat(python, 'python', '.py').filter(line => !/: new\.write_text\(/.test(line))
  expect(others).toEqual([])
})
