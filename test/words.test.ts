// Plain English: messages, docs, comments and names use the field's words, and there is no more of the house dialect than this table allows.
// A limit may be lowered when its count is; it is never raised.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { filesUnder, ROOT } from './sources.ts'

const LIMITS = {
  /** Banned words in strings that hold a space. */
  messages: 0,
  docs: 0,
  comments: 0,
  /** 'where' for 'if': for each `if` or `when` of the docs. */
  conditionalWhere: 0.04,
  /** Doc comments that begin with a preposition: 'Of a model, its size.' */
  bareComments: 0,
  /** Exported names that are participles. */
  participles: 0,
  /** Sentences of the docs above 40 words. */
  longSentences: 0,
} as const

const BANNED: readonly RegExp[] = [
  /\buntold\b/gi,
  /\bin vain\b/gi,
  /\bforet(old|ell)\w*/gi,
  /\bbeside\b/gi,
  /\bis no (JSON|regular|model|folder|number|file|image|picture|valid)\b/gi,
  /\bwhich there (is|are) not\b/gi,
  /\bis not here\b|\bthat is here\b|\bare here\b|\bis here\b/gi,
  /\bheld against\b/gi,
  /\bdearer\b/gi,
  /\bfor so long\b|^so long\b/gi,
  /\bhand(s|ed)? (out|over)\b|\bhand-over\b/gi,
  /\bmend(s|ed)?\b/gi,
  /\bpictures?\b/gi,
  /\blistened on\b|\bpredicted with\b/gi,
  /\btaking text apart\b|\btaken apart\b/gi,
  /\bthat the model asks for\b/gi,
  /\bwho crashes\b|\bwho refuses\b/gi,
  /\bwithout a sign of life\b/gi,
]
const PARTICIPLES =
  /^(told|said|drained|counted|begun|bounded|lacks|hot|looks|left|beside|alone|asked|found|handed|turned|kept|gone|Asked|Told|Found|Handed|Turned|Said|Kept)$/
const MOST_WORDS = 40

const files = filesUnder('', (path) => /\.(md|ts|tsx|mjs|py)$/.test(path))
const read = (file: string): string => readFileSync(join(ROOT, file), 'utf8')
const banned = (text: string, file: string): string[] =>
  BANNED.flatMap((word) => [...text.matchAll(word)].map(([found]) => `${file}: ${found}`))

const docs = files
  .filter((file) => file.endsWith('.md') && !/CHANGELOG|fixtures|bench\//.test(file))
  .map((file) => ({
    file,
    text: read(file)
      .replace(/```[\s\S]*?```/g, '')
      // What findings-pages.test.ts writes.
      .replace(/^_(Architecture|Hardware|Software)\b.*_$/gm, ''),
  }))
const code = files
  .filter((file) => /\.(ts|tsx|mjs|py)$/.test(file) && !/\.test\.|(^|\/)(test|fixtures|bench|dist|generated)\//.test(file))
  .map((file) => ({ file, text: read(file) }))

const STRING = /(['"`])((?:\\.|(?!\1)[^\\\n])*? (?:\\.|(?!\1)[^\\\n])*?)\1/g
const docComments = code.flatMap(({ file, text }) =>
  [...text.matchAll(/\/\*\*\s*([\s\S]*?)\*\//g)].map(([, comment]) => ({ file, text: comment!.trim() })),
)

function expectAtMost(found: readonly string[], limit: number): void {
  expect(found.length, `more than ${limit}:\n${found.slice(-20).join('\n')}`).toBeLessThanOrEqual(limit)
}

test('messages use the words of the field', () => {
  const messages = code.flatMap(({ file, text }) => [...text.matchAll(STRING)].flatMap(([, , message]) => banned(message!, file)))
  // Of examples, which are templates of many lines, only the keys are names.
  const help = 'packages/whyslow/src/examples.ts'
  const shown = read(help).replace(/^ {2}\w+: `/gm, '')
  expectAtMost([...messages, ...banned(shown, help)], LIMITS.messages)
})

test('docs use the words of the field', () => {
  const found = docs.flatMap(({ file, text }) => banned(text, file))
  expectAtMost(found, LIMITS.docs)
})

test("docs say 'if' for a condition", () => {
  const count = (word: RegExp) => docs.reduce((sum, { text }) => sum + [...text.matchAll(word)].length, 0)
  const share = count(/(^|[.;:,(] ?)where\b/gim) / Math.max(1, count(/\b(if|when)\b/gi))
  expect(share).toBeLessThanOrEqual(LIMITS.conditionalWhere)
})

test('comments use the words of the field', () => {
  const lines = code.flatMap(({ file, text }) =>
    [...text.matchAll(/^\s*\/\/ (.*)$/gm)].map(([, line]) => ({ file, text: line! })),
  )
  const found = [...docComments, ...lines].flatMap(({ file, text }) => banned(text, file))
  expectAtMost(found, LIMITS.comments)
})

test('doc comments are sentences or noun phrases', () => {
  const bare = docComments.filter(({ text }) => /^(Of|In|At|By|To|On|Among|Without|Beside|With|From)\b/.test(text))
  expectAtMost(
    bare.map(({ file, text }) => `${file}: begins with a preposition, and not with a noun or a verb: ${text.slice(0, 60)}`),
    LIMITS.bareComments,
  )
})

test('exported names are nouns and verbs', () => {
  const names = code.flatMap(({ file, text }) =>
    [...text.matchAll(/^export (?:async )?(?:function|const|interface|type|class) (\w+)/gm)].map(
      ([, name]) => `${name!} ${file}`,
    ),
  )
  expectAtMost(
    names.filter((name) => PARTICIPLES.test(name.split(' ')[0]!)),
    LIMITS.participles,
  )
})

test('sentences of the docs are short', () => {
  const found = docs.flatMap(({ file, text }) =>
    text
      .split(/(?<=[.!?])\s/)
      .filter((sentence) => sentence.split(/\s+/).length > MOST_WORDS && !sentence.includes('|'))
      .map((sentence) => `${file}: more than ${MOST_WORDS} words: ${sentence.slice(0, 80)} … ${sentence.slice(-60)}`),
  )
  expectAtMost(found, LIMITS.longSentences)
})
