// What the page draws, as texts: everything folded is opened, and each mark of a chart says what it has to say.
import type { Page } from 'playwright-core'
import { nextFrames, until } from './browser.ts'

export interface DrawnText {
  /** The part of the page, and the nearest element with a class or a role. */
  readonly place: string
  readonly text: string
}

/** Marks of one chart that are focused, first and last ones: all of them say the same kind of sentence. */
const MOST_MARKS = 6

/** All texts of the page, opened; of a long table of operators the rows in sight, and what is known of the first row. */
export async function drawnTexts(page: Page): Promise<readonly DrawnText[]> {
  // A long table has all its rows, and what is folded is open.
  await page.evaluate("dispatchEvent(new Event('beforeprint'))")
  await unfold(page)
  const row = page.locator('.operator-grid [data-line="0"]')
  if ((await row.count()) > 0) {
    await row.first().click()
    await page.locator('.detail-panel').waitFor()
    await unfold(page)
  }
  const texts = (await page.evaluate(TEXTS)) as DrawnText[]
  const said = (await page.evaluate(MARKS(MOST_MARKS))) as DrawnText[]
  return [...texts, ...said]
}

async function unfold(page: Page): Promise<void> {
  await page.evaluate("for (const one of document.querySelectorAll('main details:not([open])')) one.open = true")
  // A table is made once its details say that they are open.
  await until(page, "[...document.querySelectorAll('details.numbers[open]')].every((one) => one.querySelector('table'))")
  await nextFrames(page)
}

const PLACE = `const placeOf = (element) => {
  const part = element.closest('section[id]')?.id ?? 'page'
  const near = element.closest('[class], [role]')
  return part + ' ' + (near === null ? '' : '.' + (near.getAttribute('class') ?? near.getAttribute('role')))
}`

/**
 * Text by element that begins a line of its own; rows of tables and lists whole (place 'row', cells apart by ' | '), as are the words of a mark;
 * and what elements say to those who do not see them. Ticks of axes are left out: a scale chooses them.
 */
const TEXTS = `(() => {
  ${PLACE}
  const found = []
  const add = (element, kind, text) => {
    const shown = text.replace(/\\s+/g, ' ').trim()
    if (shown !== '') found.push({ place: placeOf(element) + kind, text: shown })
  }
  const isInline = (element) => {
    const { display } = getComputedStyle(element)
    return display === 'contents' || (display.startsWith('inline') && element.tagName !== 'text')
  }
  const visit = (element, parts) => {
    for (const name of ['aria-label', 'title', 'aria-description']) add(element, ' ' + name, element.getAttribute(name) ?? '')
    for (const child of element.childNodes) {
      if (child.nodeType === 3) parts.push(child.data)
      if (child.nodeType !== 1 || child.matches('script, style, .axis')) continue
      if (isInline(child)) { visit(child, parts); continue }
      const own = []
      visit(child, own)
      add(child, '', own.join(''))
      parts.push(' ')
    }
  }
  const all = []
  visit(document.querySelector('main'), all)
  add(document.querySelector('main'), '', all.join(''))
  for (const row of document.querySelectorAll('main tr, main [role=row], main dl > div, main g')) {
    const cells = [...row.children].filter((cell) => cell.tagName !== 'g' && cell.textContent.trim() !== '')
    if (cells.length > 1 && row.closest('.axis') === null) add(row, ' row', cells.map((cell) => cell.textContent.trim()).join(' | '))
  }
  return found
})()`

const MARKS = (most: number): string => `(async () => {
  ${PLACE}
  const found = []
  for (const chart of document.querySelectorAll('.chart')) {
    const marks = [...chart.querySelectorAll('[data-mark]')]
    for (const mark of marks.filter((_, at) => at < ${most} - 1 || at === marks.length - 1)) {
      mark.focus()
      // Preact renders before the next task begins; nobody has to see it.
      await new Promise((resolve) => setTimeout(resolve))
      for (const one of chart.parentElement.querySelectorAll('p, text:not(.axis *)')) found.push({ place: placeOf(one) + ' (focused)', text: one.textContent })
    }
  }
  return found
})()`
