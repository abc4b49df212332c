// Reads the two sections of a rule's page that advise: as much of Markdown as those pages use. Links become their words, tables and comments are left out.
import type { AdviceBlock, RuleAdvice } from '../documents/rule-advice.ts'

/** null if the page has no such section. */
export function adviceIn(page: string): RuleAdvice | null {
  const toDo = blocksOf(sectionOf(page, 'What to do'))
  const notToWorry = blocksOf(sectionOf(page, 'When not to worry'))
  return toDo.length + notToWorry.length === 0 ? null : { toDo, notToWorry }
}

function sectionOf(page: string, title: string): readonly string[] {
  const lines = page.replace(/ *<!--.*?-->/gs, '').split('\n')
  const begin = lines.indexOf(`## ${title}`) + 1
  if (begin === 0) return []
  const end = lines.findIndex((line, index) => index >= begin && line.startsWith('## '))
  return lines.slice(begin, end < 0 ? undefined : end)
}

function blocksOf(lines: readonly string[]): readonly AdviceBlock[] {
  const blocks: { as: AdviceBlock['as']; text: string }[] = []
  let isCode = false
  let isOpen = false
  for (const line of lines) {
    const trimmed = line.trim()
    if (trimmed.startsWith('```')) {
      isCode = !isCode
      if (isCode) blocks.push({ as: 'code', text: '' })
      else if (blocks.at(-1)!.text === '') blocks.pop()
      isOpen = false
    } else if (isCode) {
      const code = blocks.at(-1)!
      code.text += `${code.text === '' ? '' : '\n'}${line}`
    } else if (trimmed === '' || trimmed.startsWith('|')) isOpen = false
    else if (/^(- |\d+\. )/.test(trimmed)) {
      blocks.push({ as: 'item', text: trimmed.replace(/^(- |\d+\. )/, '') })
      isOpen = true
    } else if (isOpen) blocks.at(-1)!.text += ` ${trimmed}`
    else {
      blocks.push({ as: 'text', text: trimmed.replace(/^#+ /, '') })
      isOpen = true
    }
  }
  return blocks.map(({ as, text }) => ({ as, text: as === 'code' ? withoutIndent(text) : plain(text) }))
}

function plain(text: string): string {
  return text
    .replace(/\[([^\]]+)\]\([^)]*\)/g, '$1')
    .replace(/\*\*([^*]+)\*\*/g, '$1')
    .replace(/(^|[\s(])_([^_]+)_(?=[\s.,;:)]|$)/g, '$1$2')
}

function withoutIndent(code: string): string {
  const lines = code.split('\n')
  const least = Math.min(...lines.filter((line) => line.trim() !== '').map((line) => line.length - line.trimStart().length))
  return lines.map((line) => line.slice(least)).join('\n')
}
