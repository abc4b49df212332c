// How soon is the page there, and how soon does it answer? First paint of a report of 1,000 operators, and a sort, a search and a
// grouping of 10,000, in a real Chromium, beside an empty page in turns; printed in ms and as ratios to it. Fails above the budgets of docs/page.md.
//   node bench/page.mjs      ROUNDS=7 THROTTLE=1 (the CPU slowed so many times)
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { chromium } from 'playwright-core'

const root = fileURLToPath(new URL('..', import.meta.url))
const { embed, readShell } = await import('../dist/command/terminal/page-shell.js')
const { renderPage } = await import('../dist/report/html/html-page.js')

const rounds = Number(process.env.ROUNDS ?? 7)
const throttle = Number(process.env.THROTTLE ?? 1)
const PAINT_MS = 1000
const ANSWER_MS = 100

const recorded = JSON.parse(readFileSync(join(root, 'fixtures/golden/transformer.report.json'), 'utf8'))

/** As many operators as asked for, each a copy under a name of its own. */
function withNodes(many) {
  const nodes = Array.from({ length: many }, (_, i) => {
    const node = recorded.nodes[i % recorded.nodes.length]
    const share = (recorded.nodes.length / many) * (0.5 + ((i * 7919) % 1000) / 1000)
    const origin = [`/block.${Math.floor(i / 100)}/layer.${i % 100}/${node.opType}_${i}`]
    return { ...node, name: `${node.name}_${i}`, origin, timeMs: node.timeMs * share, share: node.share * share }
  })
  return { ...recorded, nodes }
}

const folder = mkdtempSync(join(tmpdir(), 'whyslow-bench-page-'))
const file = (name, text) => {
  const path = join(folder, `${name}.html`)
  writeFileSync(path, text)
  return `file://${path}`
}
const drawn = (document) =>
  renderPage(readShell(), embed({ documents: [document] }), { title: 'whyslow', answer: document.answer })
const EMPTY = `<!doctype html><meta charset="utf-8"><title>empty</title><p>empty</p><button>press</button><input><select><option>a<option>b</select>
<script>document.querySelector('button').onclick = () => { document.querySelector('p').textContent = 'pressed' }
document.querySelector('input').oninput = ({ target }) => { document.querySelector('p').textContent = target.value }
document.querySelector('select').onchange = ({ target }) => { document.querySelector('p').textContent = target.value }</script>`
const [empty, thousand, tenThousand] = [
  file('empty', EMPTY),
  file('1000', drawn(withNodes(1000))),
  file('10000', drawn(withNodes(10_000))),
]

const browser = await chromium.launch({
  executablePath: process.env.WHYSLOW_CHROMIUM ?? '/usr/bin/chromium',
  args: process.getuid?.() === 0 ? ['--no-sandbox'] : [],
})

async function open(url) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 } })
  const page = await context.newPage()
  if (throttle > 1) {
    const session = await context.newCDPSession(page)
    await session.send('Emulation.setCPUThrottlingRate', { rate: throttle })
  }
  await page.goto(url)
  return page
}

/** ms until something is painted first. */
async function firstPaint(url) {
  const page = await open(url)
  const ms = await page.evaluate(
    () =>
      new Promise((resolve) => {
        const known = performance.getEntriesByName('first-contentful-paint')[0]
        if (known !== undefined) return resolve(known.startTime)
        new PerformanceObserver((list) => {
          const [entry] = list.getEntriesByName('first-contentful-paint')
          if (entry !== undefined) resolve(entry.startTime)
        }).observe({ type: 'paint', buffered: true })
      }),
  )
  await page.context().close()
  return ms
}

/** ms from a real press of a key or the mouse, or from a choice, to the frame that shows what came of it. */
async function answer(page, act) {
  await page.evaluate(() => {
    globalThis.painted = new Promise((resolve) => {
      globalThis.begun = undefined
      const once = { capture: true, once: true }
      for (const type of ['pointerdown', 'keydown'])
        addEventListener(
          type,
          (event) => {
            globalThis.begun ??= event.timeStamp
          },
          once,
        )
      // What a press does comes with these: the frame after them is waited for, not that after the press.
      for (const type of ['click', 'input', 'change'])
        addEventListener(
          type,
          (event) => {
            globalThis.begun ??= event.timeStamp
            requestAnimationFrame(() => setTimeout(() => resolve(performance.now() - globalThis.begun)))
          },
          once,
        )
    })
  })
  await act()
  return page.evaluate(() => globalThis.painted)
}

const median = (values) => [...values].sort((a, b) => a - b)[values.length >> 1]
const rows = []
const add = (name, own, beside, budgetMs) => {
  const [ms, emptyMs] = [median(own), median(beside)]
  rows.push({ name, ms, emptyMs, ratio: ms / emptyMs, budgetMs, ok: ms <= budgetMs * throttle })
}

const paints = { empty: [], thousand: [], tenThousand: [] }
for (let round = 0; round < rounds; round++) {
  paints.empty.push(await firstPaint(empty))
  paints.thousand.push(await firstPaint(thousand))
  paints.tenThousand.push(await firstPaint(tenThousand))
}
add('first paint, 1,000 operators', paints.thousand, paints.empty, PAINT_MS)
add('first paint, 10,000 operators', paints.tenThousand, paints.empty, 2 * PAINT_MS)

const [blank, page] = [await open(empty), await open(tenThousand)]
await page.locator('.spacer [role=row]').first().waitFor()
const times = { press: [], key: [], choice: [], sort: [], search: [], group: [] }
for (let round = 0; round < rounds; round++) {
  times.press.push(await answer(blank, () => blank.getByRole('button').click()))
  times.sort.push(await answer(page, () => page.getByRole('button', { name: round % 2 === 0 ? 'Type' : /^Time/ }).click()))
  await blank.locator('input').focus()
  times.key.push(await answer(blank, () => blank.keyboard.press('s')))
  await page.locator('.controls input').first().focus()
  times.search.push(await answer(page, () => page.keyboard.press('s')))
  await page.keyboard.press('Backspace')
  await page.waitForTimeout(50)
  times.choice.push(await answer(blank, () => blank.locator('select').selectOption(round % 2 === 0 ? 'b' : 'a')))
  times.group.push(await answer(page, () => page.getByLabel('Group by').selectOption(round % 2 === 0 ? 'operator' : 'block')))
  await page.getByLabel('Group by').selectOption({ index: 0 })
  await page.waitForTimeout(50)
}
add('sort of 10,000', times.sort, times.press, ANSWER_MS)
add('search in 10,000', times.search, times.key, ANSWER_MS)
add('group of 10,000', times.group, times.choice, ANSWER_MS)
await browser.close()
rmSync(folder, { recursive: true, force: true })

console.log(`Medians of ${rounds}${throttle > 1 ? `, the CPU slowed ${throttle} times` : ''}`)
console.log(`${'what'.padEnd(32)} ${'page'.padStart(9)} ${'empty'.padStart(9)} ${'ratio'.padStart(7)}  budget`)
for (const { name, ms, emptyMs, ratio, budgetMs, ok } of rows)
  console.log(
    `${name.padEnd(32)} ${`${ms.toFixed(1)} ms`.padStart(9)} ${`${emptyMs.toFixed(1)} ms`.padStart(9)} ${`${ratio.toFixed(2)}×`.padStart(7)}  ${budgetMs * throttle} ms ${ok ? '' : '(over)'}`,
  )
console.log(`The page without its data: ${Buffer.byteLength(readShell())} bytes`)
process.exitCode = rows.every(({ ok }) => ok) ? 0 : 1
