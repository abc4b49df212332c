// README.md of a shipped generator: what was measured and proven, how to use it. Short.
import path from 'node:path'
import { significant, time } from '@whyslow/measure/statistics/numbers.ts'
import type { PromptFacts } from './folder/folder-options.ts'
import type { GeneratorShipPlan } from './plan.ts'

export function generatorReadme(plan: GeneratorShipPlan): string {
  const { changes, prompts, licence, toolVersion, createdAt, packages, engineTitle, reads } = plan
  const sections = [
    `# ${inline(path.basename(plan.original))}${changes.length > 0 ? ', faster' : ''}`,
    measuredText(plan),
    changes.length > 0 && `What was changed:\n\n${changes.map((change) => `- ${inline(change)}`).join('\n')}`,
    `## In Node\n\n${fenced('sh', ['npm install'])}\n\n${fenced('js', reads === 'sound' ? SOUND_LINES : exampleLines(prompts))}`,
    'Tokens arrive as they are generated. Calls run one after the other; `signal` or leaving the loop ends one. ' +
      `${reads === undefined ? 'If a prompt begins like the one\nbefore it, only the rest is computed. ' : ''}\`generate.d.mts\` lists the options.`,
    reads !== 'sound' &&
      `## As a server\n\n${fenced('sh', ['node server.mjs --port 8080'])}\n\nIt speaks OpenAI's \`/v1/chat/completions\` and \`/v1/completions\`, streamed or whole, and listens on this machine alone unless\n\`--host\` says otherwise. It answers one request at a time; up to ${'`--queue-size`'} others wait. \`node server.mjs --help\` lists the options.`,
    `## Contents\n\nIt runs on ${engineTitle}${pinned(packages)}. \`manifest.json\` lists every file with its sha256; \`report.json\`\nholds the measurements. Measure it again: \`npx whyslow .\``,
    licenceText(licence),
    `Written by whyslow ${toolVersion} on ${createdAt.slice(0, 10)}.`,
  ]
  return `${sections.filter((section) => typeof section === 'string').join('\n\n')}\n`
}

function measuredText({ document, results }: GeneratorShipPlan): string {
  const { fix, machine, speed } = document
  const before = speed.timePerTokenMs?.value
  const lines: string[] = []
  if (results !== null && before !== undefined) {
    const { ratio, ratioLow, ratioHigh } = results.perToken
    lines.push(
      `On ${inline(machine.cpu)}, a token takes ${time(before * ratio)} instead of ${time(before)}: ${significant(1 / ratio, 2)} times as fast`,
      `(${significant(1 / ratioHigh, 2)}–${significant(1 / ratioLow, 2)}, ${results.readings.length} pairs of processes). The first token takes ${significant(results.first.ratio, 2)} of the time.`,
    )
  }
  if (fix !== undefined) lines.push(`Compared with the original: ${fix.equality.sentence}.`)
  return lines.join('\n')
}

const pinned = (packages: GeneratorShipPlan['packages']): string => {
  const named = Object.entries(packages).map(([name, version]) => `${name} ${version}`)
  return named.length === 0 ? '' : ` (${named.join(', ')})`
}

function licenceText(licence: readonly string[]): string {
  const said =
    licence.length === 0
      ? "The model's files name no licence: check at its source before you pass it on."
      : licence.map(inline).join('\n')
  return `## Licence of the model\n\n${said}`
}

function exampleLines({ chatTemplate, recommended }: PromptFacts): string[] {
  const usual = recommended === undefined ? '' : '...generator.recommended, '
  const prompt = chatTemplate !== null ? "[{ role: 'user', content: 'Why is the sky blue?' }]" : "'The sky is blue because'"
  return [
    "import { load } from './generate.mjs'",
    '',
    'const generator = await load()',
    `for await (const { text } of generator.generate(${prompt}, { ${usual}maxNewTokens: 200 }))`,
    '  process.stdout.write(text)',
    'await generator.close()',
  ]
}

const SOUND_LINES = [
  "import { readFileSync } from 'node:fs'",
  "import { load, wav } from './generate.mjs'",
  '',
  'const generator = await load()',
  "for await (const { text } of generator.generate(wav(readFileSync('speech.wav')), { maxNewTokens: 200 }))",
  '  process.stdout.write(text)',
  'await generator.close()',
]

const fenced = (language: string, lines: readonly string[]): string => `\`\`\`${language}\n${lines.join('\n')}\n\`\`\``
/** Text of others within a line: no markup, no new line. */
const inline = (text: string): string => text.replace(/[\r\n\u2028\u2029]+/g, ' ').replace(/[<>`*_[\]]/g, '\\$&')
