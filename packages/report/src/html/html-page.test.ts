// The page is the shell with three texts and the data in it; what a stranger wrote stays text.
import { describe, expect, test } from 'vitest'
import { embedJson, renderPage } from './html-page.ts'

const shell =
  '<title>%whyslow:title%</title><meta content="connect-src %whyslow:connect%"><p>%whyslow:answer%</p><script>%whyslow:data%</script>'
    // In the order of the real one.
    .replace(/(<title>.*?<\/title>)(<meta.*?>)/, '$2$1')
const hostile = [
  '</script><script>alert(1)</script>',
  '<!--<script',
  '$&$`$1',
  '\u2028\u2029',
  '\u202egnp.exe',
  '%whyslow:data%',
  '"\'&',
]

describe('embedJson', () => {
  test.each(hostile)('%j comes back, and ends no element', (text) => {
    const embedded = embedJson({ [text]: [text] })
    expect(JSON.parse(embedded)).toEqual({ [text]: [text] })
    expect(embedded).not.toMatch(/[<\u2028\u2029]/)
  })

  test('refuses a number that is not finite: null would mean that it is not known', () => {
    expect(() => embedJson({ p50Ms: Number.NaN })).toThrow(/NaN in 'p50Ms'/)
  })
})

describe('renderPage', () => {
  test.each(hostile)('%j is text in title and sentence, and is pasted by no pattern', (text) => {
    const page = renderPage(shell, embedJson({ text }), { title: text, answer: text })
    expect(page.match(/<script/g)).toHaveLength(1)
    expect(page).not.toContain('<!--')
    expect(page).not.toContain('\u202e')
    const [, data] = /<script>(.*)<\/script>$/.exec(page)!
    expect(JSON.parse(data!)).toEqual({ text })
  })

  test('may ask its own server where it was served, and nobody else', () => {
    expect(renderPage(shell, '{}', { title: '', answer: '' })).toContain("connect-src 'none'")
    expect(renderPage(shell, '{}', { title: '', answer: '', served: true })).toContain("connect-src 'self'")
  })

  test('gives the same bytes for the same document', () => {
    const page = () => renderPage(shell, embedJson({ a: 1 }), { title: 'a', answer: 'b' })
    expect(page()).toBe(page())
  })

  test('refuses a shell without its slots, or with two of one', () => {
    expect(() => renderPage('', '{}', { title: '', answer: '' })).toThrow(/slot for connect/)
  })
})
