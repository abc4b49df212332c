// Draws what a terminal showed as an SVG: text in the reader's own monospaced font, line after line as in the run, in the reader's colours (light or
// dark), still if the reader wants no motion. `node scripts/terminal-svg.mjs` draws the recording of README.md from the screens that
// `npm run screens` recorded in bench/results/screens.json.
import { readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'

/** Sizes in pixels. */
const CHARACTER = 7.8
const LINE = 19
const PADDING = 18
const BAR = 30
const COLUMNS = 80
/** Seconds between two lines, and before and after a command. */
const STEP = 0.12
const PAUSE = 0.8

/** Where `fix` says what it came to, today and in recordings of before. */
const OUTCOME = /^(Latency per|One) prediction: /

const escaped = (text) => text.replace(/[&<>]/g, (one) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;' })[one])

/** 'command', 'good', 'dim' or nothing: how a line is coloured. */
function kindOf(line) {
  if (line.startsWith('$ ')) return 'command'
  if (/^\+ |^Written: /.test(line) || OUTCOME.test(line)) return 'good'
  if (/^- |^…$/.test(line)) return 'dim'
  return ''
}

/** An SVG of lines of a terminal; `title` says for those who do not see it what it shows. */
export function drawTerminal(lines, title) {
  let seconds = 0
  let kind = ''
  const texts = lines.map((line, at) => {
    // What goes on over several lines has the colour of its first.
    kind = kindOf(line) || (line !== '' && kind === 'good' ? 'good' : '')
    if (kind === 'command' && at > 0) seconds += PAUSE
    const start = seconds
    seconds += kind === 'command' ? PAUSE : STEP
    if (line === '') return ''
    const shown = line.trimStart()
    const x = PADDING + (line.length - shown.length) * CHARACTER
    const y = BAR + PADDING + at * LINE
    const width = (shown.length * CHARACTER).toFixed(1)
    const name = kind === '' ? '' : ` class="${kind}"`
    return `<text${name} x="${x.toFixed(1)}" y="${y}" textLength="${width}" style="animation-delay:${start.toFixed(2)}s">${escaped(shown)}</text>\n`
  })
  const width = Math.ceil(COLUMNS * CHARACTER + 2 * PADDING)
  const height = BAR + PADDING + lines.length * LINE + PADDING / 2
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-labelledby="title">
<title id="title">${escaped(title)}</title>
<style>
svg { --back: #f6f8fa; --edge: #d0d7de; --text: #1f2328; --dim: #59636e; --good: #116329; --mark: #0550ae }
text { font: 13px ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; fill: var(--text); white-space: pre; animation: show .01s both }
.command { fill: var(--mark); font-weight: bold }
.dim { fill: var(--dim) }
.good { fill: var(--good) }
@keyframes show { from { opacity: 0 } }
@media (prefers-color-scheme: dark) { svg { --back: #0d1117; --edge: #30363d; --text: #e6edf3; --dim: #9198a1; --good: #3fb950; --mark: #79c0ff } }
@media (prefers-reduced-motion: reduce) { text { animation: none } }
</style>
<rect x=".5" y=".5" width="${width - 1}" height="${height - 1}" rx="8" fill="var(--back)" stroke="var(--edge)"/>
<g fill="var(--edge)"><circle cx="20" cy="17" r="5"/><circle cx="37" cy="17" r="5"/><circle cx="54" cy="17" r="5"/></g>
${texts.join('')}</svg>
`
}

/** The parts of both screens that tell the story: why, what was tried, what it gave. Names of folders above a model are left out. */
export function storyOf({ readmeWhy, readmeFix }) {
  const shortened = (line) => line.replace(/node_modules\/\S*\//, '')
  const until = (lines, isEnd) => lines.slice(0, lines.findIndex(isEnd))
  const [typed, ...why] = readmeWhy
  const [fix, ...tried] = readmeFix
  const trials = tried.findIndex((line) => /^[-+] /.test(line))
  const last = tried.findIndex((line) => OUTCOME.test(line))
  const written = tried.find((line) => line.startsWith('Written: '))
  return [
    shortened(typed),
    ...until(why.slice(1), (line) => line.startsWith('Where the time goes')),
    shortened(fix),
    ...tried.slice(trials, trials + 2),
    '…',
    ...keptIn(tried),
    '…',
    '',
    ...until(tried.slice(last), (line) => line === '').slice(0, 3),
    written,
  ]
}

/** The first trial that was kept, with the lines that it goes on over. */
function keptIn(lines) {
  const first = lines.findIndex((line) => line.startsWith('+ '))
  const next = lines.findIndex((line, at) => at > first && !line.startsWith('  '))
  return lines.slice(first, next)
}

export const drawStory = (screens) =>
  drawTerminal(
    storyOf(screens),
    'whyslow explains why a model is slow; fix tries remedies, keeps what is proven, and writes a faster model',
  )

if (process.argv[1] === import.meta.filename) {
  const root = resolve(import.meta.dirname, '..')
  const { values } = JSON.parse(readFileSync(join(root, 'bench/results/screens.json'), 'utf8'))
  writeFileSync(join(root, 'docs/images/fix-terminal.svg'), drawStory(values))
}
