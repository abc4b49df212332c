// Where the parts of a page are, whatever browser and fonts draw them: in order, below each other, none over another, none beyond the screen.
import type { Page } from 'playwright-core'

/** What is not where it should be, one line each. */
export const misplaced = (page: Page): Promise<string[]> => page.evaluate(MISPLACED) as Promise<string[]>

/** CSS pixels: edges are at fractions of a pixel. */
const MISPLACED = `(() => {
  const SLACK = 1.5
  const found = []
  const boxOf = (element) => element.getBoundingClientRect()
  const isSeen = (element) => { const { width, height } = boxOf(element); return width > 0 && height > 0 }
  const nameOf = (element) => {
    const part = element.closest('section[id]')
    const own = element.tagName.toLowerCase() + (element.getAttribute('class') ? '.' + element.getAttribute('class').trim().replace(/\\s+/g, '.') : '')
    return (part === null ? '' : '#' + part.id + ' ') + own + " '" + element.textContent.replace(/\\s+/g, ' ').trim().slice(0, 40) + "'"
  }
  const over = (a, b) => ({
    x: Math.min(a.right, b.right) - Math.max(a.left, b.left),
    y: Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top),
  })

  // Parts: in the order of the links to them, one below the other, each with a title and something below it.
  const links = [...document.querySelectorAll('nav.sections a')].map((link) => new URLSearchParams(link.hash.slice(1)).get('at'))
  const parts = [...document.querySelectorAll('main > section')]
  const ids = parts.map(({ id }) => id)
  if (links.length > 0 && links.join() !== ids.filter((id) => links.includes(id)).join()) found.push('parts ' + ids + ' are not in the order of the links ' + links)
  for (const [at, part] of parts.entries()) {
    const box = boxOf(part)
    const above = at === 0 ? document.querySelector('header.top') : parts[at - 1]
    if (above !== null && box.top < boxOf(above).bottom - SLACK) found.push(nameOf(part) + ' begins above the end of ' + nameOf(above))
    const title = part.querySelector('h1, h2')
    if (title === null || !isSeen(title)) found.push(nameOf(part) + ' has no title')
    else if (box.bottom - boxOf(title).bottom < 10) found.push(nameOf(part) + ' is empty')
  }

  // Nothing beyond the screen, but for what is scrolled or cut on purpose.
  const isCut = (element) => {
    for (let up = element.parentElement; up !== null && up !== document.body; up = up.parentElement)
      if (getComputedStyle(up).overflowX !== 'visible') return true
    return false
  }
  for (const element of document.querySelectorAll('body *')) {
    if (element.closest('svg') !== null && element.tagName !== 'svg' || !isSeen(element)) continue
    const { left, right } = boxOf(element)
    if ((left < -SLACK || right > innerWidth + SLACK) && !isCut(element) && getComputedStyle(element).position !== 'fixed' && !element.matches('.skip, .away'))
      found.push(nameOf(element) + ' is beyond the screen: ' + Math.round(left) + ' to ' + Math.round(right))
  }

  // Neighbours in the flow are not over each other.
  for (const parent of document.querySelectorAll('body, body *:not(svg, svg *)')) {
    const children = [...parent.children].filter((child) => {
      const { position, display, float } = getComputedStyle(child)
      return isSeen(child) && position === 'static' && !display.startsWith('inline') && float === 'none'
    })
    for (const [at, child] of children.slice(1).entries()) {
      const { x, y } = over(boxOf(children[at]), boxOf(child))
      if (x > SLACK && y > SLACK) found.push(nameOf(child) + ' is over ' + nameOf(children[at]))
    }
  }

  // Words of charts are within their figure, and not over each other. A text that is turned has a box larger than its letters.
  for (const svg of document.querySelectorAll('.chart svg')) {
    const frame = boxOf(svg)
    if (frame.height < 40) found.push(nameOf(svg) + ' is ' + frame.height + ' px high')
    const around = boxOf(svg.closest('figure, .card, section'))
    const isTurned = (text) => (text.getAttribute('transform') ?? '').includes('rotate')
    const texts = [...svg.querySelectorAll('text')].filter((text) => isSeen(text) && text.textContent.trim() !== '' && !isTurned(text))
    for (const [at, text] of texts.entries()) {
      const box = boxOf(text)
      if (box.left < around.left - SLACK || box.right > around.right + SLACK)
        found.push(nameOf(text) + ' is beyond its figure: ' + Math.round(box.left - around.left) + ' to ' + Math.round(box.right - around.left) + ' of ' + Math.round(around.width))
      for (const other of texts.slice(0, at)) {
        const { x, y } = over(boxOf(other), box)
        // Letters have room above and below them in their boxes.
        if (x > 3 && y > 0.5 * Math.min(box.height, boxOf(other).height)) found.push(nameOf(text) + ' is over ' + nameOf(other))
      }
    }
  }
  return [...new Set(found)]
})()`
