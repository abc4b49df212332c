// Each page of a finding and of a remedy shows the change: in code, as commands, or of a remedy as the operators before and after.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from '@babel/parser'
import { expect, test } from 'vitest'
import { ROOT } from './root.ts'

/** Lines of one block, with its two comments. */
const MOST_LINES = 11

interface Shown {
  readonly language: string
  readonly code: string
}

/** Code under 'Before and after'. */
function changeIn(page: string): Shown[] {
  const [, section = ''] = /^## Before and after\n([\s\S]*?)^## /m.exec(page) ?? []
  return [...section.matchAll(/^```(\w*)\n([\s\S]*?)\n```$/gm)].map(([, language, code]) => ({
    language: language!,
    code: code!,
  }))
}

/** Both states have the same names, so that each is parsed alone; a part of a function may return. */
function checkJavaScript(code: string): void {
  for (const part of code.split(/^(?=\/\/ after)/m))
    parse(part, { sourceType: 'module', allowReturnOutsideFunction: true, allowAwaitOutsideFunction: true })
}

const pagesIn = (folder: string) => readdirSync(join(ROOT, 'docs', folder)).map((name) => `${folder}/${name}`)

test.each([...pagesIn('findings'), ...pagesIn('remedies')])('%s', (name) => {
  const shown = changeIn(readFileSync(join(ROOT, 'docs', name), 'utf8'))
  const languages = ['js', 'python', 'sh', ...(name.startsWith('remedies') ? [''] : [])]
  expect(shown.filter(({ language }) => !languages.includes(language))).toEqual([])
  const isWhole = ({ code }: Shown) => /^(# |\/\/ )?before/m.test(code) && /^(# |\/\/ )?after/m.test(code)
  expect(shown.some(isWhole), 'a block with a line for before and one for after').toBe(true)
  expect(shown.filter(({ code }) => code.split('\n').length > MOST_LINES)).toEqual([])
  for (const { language, code } of shown) if (language === 'js') checkJavaScript(code)
})
