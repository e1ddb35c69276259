import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join, relative } from 'node:path'
import { expect, test } from 'vitest'
import { PACKAGE_FOLDER } from '../src/files/package-folder'

const MOST_FILES = 25
const MOST_LINES = 300

/** The source files below a folder, by folder. */
function rooms(folder: string): { readonly folder: string; readonly files: readonly string[] }[] {
  const names = readdirSync(folder).filter(name => name !== '__pycache__')
  const paths = names.map(name => join(folder, name))
  const isFolder = (path: string) => statSync(path).isDirectory()
  return [
    { folder: relative(PACKAGE_FOLDER, folder), files: paths.filter(path => !isFolder(path)) },
    ...paths.filter(isFolder).flatMap(rooms),
  ]
}

/** Written by a program, for programs to read. */
const GENERATED = join('src', 'config', 'types')

const all = ['src', 'python'].flatMap(name => rooms(join(PACKAGE_FOLDER, name)))

test(`no folder of src and python has more than ${MOST_FILES} files directly in it`, () => {
  expect(all.length).toBeGreaterThan(20)
  expect(all.filter(({ files }) => files.length > MOST_FILES).map(({ folder }) => folder)).toEqual([])
})

test(`no file of src and python has more than ${MOST_LINES} lines`, () => {
  const lines = (file: string) => readFileSync(file, 'utf8').split('\n').length - 1
  const long = all
    .filter(({ folder }) => folder !== GENERATED)
    .flatMap(({ files }) => files.filter(file => lines(file) > MOST_LINES))
  expect(long.map(file => relative(PACKAGE_FOLDER, file))).toEqual([])
})

test('no docstring describes an option as `@param options.name`, which the pages of the API leave out', () => {
  const dotted = all
    .flatMap(({ files }) => files)
    .filter(file => / @param \w+\.\w/.test(readFileSync(file, 'utf8')))
  expect(dotted.map(file => relative(PACKAGE_FOLDER, file))).toEqual([])
})
