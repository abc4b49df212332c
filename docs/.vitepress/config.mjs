// The documentation as a site: `npm run docs` builds the pages of docs/, unchanged, into .site/. Search and every file are its own: the site asks no other
// host for anything. DOCS_BASE is the path that it is served under, if not the root.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join, posix, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { defineConfig } from 'vitepress'

const docs = resolve(import.meta.dirname, '..')
const root = resolve(docs, '..')

/** Pages by what they are for, in the order of the sidebar. A page of docs/ that is not named here is reference. */
const START = ['install', 'first-report', 'which-command', 'walk-throughs']
const HOW = ['method', 'architecture', 'life-of-a-p50', 'life-of-a-sample', 'life-of-a-remedy', 'terms']
const INDEXES = ['findings', 'remedies', 'formats', 'engines']
const GUIDES = [
  ...['onnx-node', 'python-service', 'text-generation', 'trees', 'tensorflow-js'].map((name) => `guides/${name}`),
  'pytorch',
  ...['hold-a-p99', 'ci', 'quantize', 'gpu-trace'].map((name) => `guides/${name}`),
]
const REFERENCE = ['cli', 'library', 'python', 'inputs']

const namesIn = (folder) =>
  readdirSync(join(docs, folder))
    .filter((name) => name.endsWith('.md'))
    .map((name) => posix.join(folder, name.replace(/\.md$/, '')))
const titleOf = (page) => /^# (.+)$/m.exec(readFileSync(join(docs, `${page}.md`), 'utf8'))[1].replaceAll('`', '')
const entryOf = (page) => ({ text: titleOf(page), link: `/${page}` })
const group = (text, pages) => ({ text, items: pages.filter((page) => existsSync(join(docs, `${page}.md`))).map(entryOf) })

const named = [...START, ...GUIDES, ...HOW, ...INDEXES, ...REFERENCE, 'index']
const others = namesIn('.').filter((page) => !named.includes(page))
const general = [
  group('Start', START),
  group('Guides', GUIDES),
  group('A–Z', INDEXES),
  group('Reference', [...REFERENCE, ...others]),
  group('How it works', HOW),
]
const letters = INDEXES.slice(0, 3)

/** GitHub's anchor for a heading, so that a link leads to the same place there and here. */
const slugify = (heading) =>
  heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N} _-]/gu, '')
    .replaceAll(' ', '-')

/**
 * Links of pages are to files of the repository. A page of docs/ is a page here; its folder is the index of it; a recorded document is the report
 * that it is drawn as. Of any other file the name is left, without a link.
 */
function rewriteLinks(markdown) {
  markdown.core.ruler.push('links-of-the-repository', ({ tokens, env }) => {
    const from = posix.dirname(posix.join('docs', env.relativePath ?? ''))
    for (const { children } of tokens) {
      let isCut = false
      let target = ''
      for (const token of children ?? []) {
        if (token.type === 'link_open') {
          target = token.attrGet('href')
          isCut = !rewritten(token, from)
        }
        if (isCut && token.type === 'text' && token.content === 'source') token.content = posix.join(from, target)
        if (isCut && /^link_/.test(token.type)) {
          token.tag = 'span'
          token.attrs = token.nesting === 1 ? [['class', 'source']] : null
          if (token.nesting === -1) isCut = false
        }
      }
    }
  })
}

/** Whether the link leads somewhere on the site; changes it if it does. */
function rewritten(token, from) {
  const href = token.attrGet('href')
  if (/^([a-z]+:|#)/.test(href)) return true
  const [path, anchor] = href.split('#')
  const target = posix.join(from, path)
  const report = /^fixtures\/((?:gallery|golden)\/[\w.-]+)\.json$/.exec(target)
  if (report !== null) {
    token.attrSet('href', `/reports/${report[1]}.html`)
    token.attrSet('target', '_self')
    return true
  }
  if (!target.startsWith('docs/') && target !== 'README.md') return false
  const page = target === 'README.md' ? 'index.md' : target.slice('docs/'.length)
  if (page.endsWith('.md')) token.attrSet('href', `/${page}${anchor === undefined ? '' : `#${anchor}`}`)
  else if (letters.includes(page)) token.attrSet('href', `/${page}.md`)
  return page.endsWith('.md') || letters.includes(page)
}

/** Three bars, the last one short: what was slow, and what is not. */
const ICON = `data:image/svg+xml,${encodeURIComponent(
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><path d="M1 3h14M1 8h10M1 13h4" stroke="#3451b2" stroke-width="3"/></svg>',
)}`

export default defineConfig({
  title: 'whyslow',
  description: 'Find out why your model is slow, and ship a version that is proven to be faster',
  base: process.env.DOCS_BASE ?? '/',
  outDir: join(root, '.site'),
  cacheDir: join(root, 'node_modules/.cache/vitepress'),
  ignoreDeadLinks: [/^\/reports\//],
  metaChunk: true,
  // Browsers ask for an icon unless they are given one.
  head: [['link', { rel: 'icon', href: ICON }]],
  markdown: {
    anchor: { slugify },
    theme: { light: 'github-light-high-contrast', dark: 'github-dark-high-contrast' },
    config: (markdown) => markdown.use(rewriteLinks),
  },
  themeConfig: {
    search: { provider: 'local' },
    outline: [2, 3],
    nav: [
      { text: 'Start', link: '/install', activeMatch: '^/(install|first-report|which-command|walk-throughs)' },
      { text: 'Guides', link: '/guides/onnx-node', activeMatch: '^/(guides/|pytorch)' },
      { text: 'A–Z', items: INDEXES.map((page) => ({ text: titleOf(page), link: `/${page}` })) },
      { text: 'Reference', link: '/cli' },
      { text: 'How it works', link: '/method' },
    ],
    sidebar: {
      ...Object.fromEntries(
        letters.map((folder) => [
          `/${folder}/`,
          [{ text: titleOf(folder), link: `/${folder}`, items: namesIn(folder).map(entryOf) }, ...general],
        ]),
      ),
      '/': general,
    },
    footer: { message: 'Apache-2.0. This site asks no other host for anything.' },
  },
  async buildEnd({ outDir }) {
    // As a file of its own: bundled with this one it would look for its neighbours here.
    const { writeReports } = await import(pathToFileURL(join(root, 'scripts/report-pages.mjs')).href)
    writeReports(join(outDir, 'reports'))
  },
})
