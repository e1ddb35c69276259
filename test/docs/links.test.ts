import { existsSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { expect, test } from 'vitest'
import { PACKAGE_FOLDER } from '../../src/files/package-folder'
import { type Page, pages } from './pages'

/** The text without what stands in fences and between backticks. */
const prose = (text: string) => text.replace(/^```.*?^```/gms, '').replace(/`[^`\n]*`/g, '')

/** The anchors of a page's headings, as GitHub makes them. */
function anchors(text: string): string[] {
  const seen = new Map<string, number>()
  return [...text.replace(/^```.*?^```/gms, '').matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) => {
    const slug = heading
      .replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .replaceAll(' ', '-')
    const before = seen.get(slug) ?? 0
    seen.set(slug, before + 1)
    return before === 0 ? slug : `${slug}-${before}`
  })
}

/** Links of a page to files, and to headings of pages, that there are not. */
function brokenLinks({ path, text }: Page): string[] {
  return [...prose(text).matchAll(/\]\((?!https?:|mailto:)([^)\s]+)\)/g)].flatMap(([, link = '']) => {
    const [file = '', anchor] = link.split('#')
    const target = file === '' ? path : relative('.', join(dirname(path), file))
    if (!existsSync(join(PACKAGE_FOLDER, target))) return [`${path}: ${link} is not there`]
    if (anchor === undefined || !target.endsWith('.md')) return []
    const isThere = anchors(readFileSync(join(PACKAGE_FOLDER, target), 'utf8')).includes(anchor)
    return isThere ? [] : [`${path}: ${link} names no heading`]
  })
}

/** Code of a page that is indented instead of fenced, and fences without a language. */
function unfenced({ path, text }: Page): string[] {
  const opening = [...text.matchAll(/^(?: *)```(.*)\n[\s\S]*?^ *```$/gm)].filter(
    ([, language]) => language === '',
  )
  const indented = prose(text).match(/^\n {4}\S.*$/gm) ?? []
  return [
    ...opening.map(([fence]) => `${path}: a fence without a language: ${fence.split('\n')[1]}`),
    ...indented
      .filter(line => !/^\n {4}(?:[-*]|\d+\.) /.test(line))
      .map(line => `${path}: indented: ${line.trim()}`),
  ]
}

test('a link that leads nowhere, and code without a fence, are found', () => {
  const path = 'docs/README.md'
  const text =
    '[a](none.md) [b](cite.md#none) [c](#here) [d](cite.md#citing) `[e](none.md)`\n\n# Hére: `x`, y\n'
  expect(brokenLinks({ path, text })).toEqual([
    `${path}: none.md is not there`,
    `${path}: cite.md#none names no heading`,
    `${path}: #here names no heading`,
  ])
  expect(anchors(text)).toEqual(['hére-x-y'])
  expect(unfenced({ path, text: 'a\n\n    code\n\n```\nx\n```\n' })).toHaveLength(2)
})

test('links of README and docs lead to files and headings that there are', () => {
  expect(pages().flatMap(brokenLinks)).toEqual([])
})

test('code of README and docs is fenced and names its language', () => {
  expect(pages().flatMap(unfenced)).toEqual([])
})
