// What a model calls its nodes becomes text of the page, never markup, an address or code: no part of the page makes any of a string.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { filesUnder, ROOT } from './sources.ts'

const parts = filesUnder('packages/report/web/src', (path) => /\.tsx?$/.test(path)).map((path) => ({
  path,
  text: readFileSync(join(ROOT, path), 'utf8'),
}))

test('no markup and no code is made of strings', () => {
  const makes =
    /innerHTML|outerHTML|insertAdjacentHTML|document\.write|srcdoc|createContextualFragment|DOMParser|\beval\(|new Function/i
  expect(parts.length).toBeGreaterThan(20)
  expect(parts.filter(({ text }) => makes.test(text)).map(({ path }) => path)).toEqual([])
})

test('links lead to places of the page', () => {
  const links = parts.flatMap(({ text }) => [...text.matchAll(/\bhref=(.{9})/g)].map(([, to]) => to!))
  expect(links.length).toBeGreaterThan(3)
  expect(links.filter((to) => !/^("#|\{`#|\{placeWith)/.test(to) && !/^\{place/.test(to))).toEqual([])
})

test('the page allows its own script and style, no markup from strings, and no frame, form or base', () => {
  const shell = readFileSync(join(ROOT, 'packages/report/web/shell.html'), 'utf8')
  const [, policy] = /http-equiv="Content-Security-Policy" content="([^"]+)"/.exec(shell)!
  expect(policy!.split('; ')).toEqual([
    "default-src 'none'",
    'script-src %whyslow:script-hash%',
    'style-src %whyslow:style-hash%',
    'img-src data:',
    'connect-src %whyslow:connect%',
    "base-uri 'none'",
    "form-action 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
  ])
})
