// What `npm run release` refuses, and that the files of this repository say one version.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { commandsLeft, reasonsAgainst } from '../scripts/release.mjs'
import { ROOT } from './root.ts'

const action = (version: string) => `  version:\n    description: whyslow's version on npm\n    default: "${version}"\n`
const ready = {
  status: '',
  tags: ['v1.2.2'],
  manifest: '{ "version": "1.2.3", "repository": "x", "bugs": "x", "homepage": "x" }',
  lock: '{ "version": "1.2.3" }',
  changelog: '# Changelog\n\n## [1.2.3] - 2026-01-31\n\n## [1.2.2] - 2026-01-01\n',
  action: action('1.2.3'),
}

test('a release that is ready has nothing against it', () => {
  expect(reasonsAgainst(ready)).toEqual([])
})

test.each([
  [
    'changes that are not committed',
    { status: ' M README.md\n' },
    'the working tree is not clean: commit or stash\n M README.md',
  ],
  ['a tag that exists', { tags: ['v1.2.3'] }, 'the tag v1.2.3 exists: raise the version in package.json'],
  [
    'a lock file of another version',
    { lock: '{ "version": "1.2.2" }' },
    'package-lock.json has another version than package.json: npm install',
  ],
  ['no heading', { changelog: '## [1.2.2] - 2026-01-01' }, 'CHANGELOG.md has no heading ## [1.2.3] - YYYY-MM-DD'],
  [
    'a heading without a date',
    { changelog: '## [1.2.3] - unreleased' },
    'CHANGELOG.md: "## [1.2.3] - unreleased" has no date: ## [1.2.3] - YYYY-MM-DD',
  ],
  [
    'a manifest that does not say where the sources are',
    { manifest: '{ "version": "1.2.3", "repository": "x" }' },
    'package.json has no bugs, homepage: npm shows no sources and no provenance without them',
  ],
  ['an action of another version', { action: action('1.2.2') }, 'action.yml uses whyslow 1.2.2 by default, not 1.2.3'],
])('%s', (_, changed, reason) => {
  expect(reasonsAgainst({ ...ready, ...changed })).toEqual([reason])
})

test('a version that is none', () => {
  expect(reasonsAgainst({ ...ready, manifest: '{ "version": "next" }' })).toContain('package.json: version next is not a version')
})

test('publishing is left to type', () => {
  expect(commandsLeft('1.2.3', 'whyslow-1.2.3.tgz')).toEqual([
    'git tag v1.2.3 && git push origin v1.2.3',
    'npm publish whyslow-1.2.3.tgz',
  ])
})

test('the files of this repository are of one version, and the changelog has its heading', () => {
  const read = (name: string) => readFileSync(join(ROOT, name), 'utf8')
  const { version } = JSON.parse(read('package.json')) as { version: string }
  const dated = read('CHANGELOG.md').replace(`## [${version}] - unreleased`, `## [${version}] - 2026-01-01`)
  const files = { manifest: read('package.json'), lock: read('package-lock.json'), changelog: dated, action: read('action.yml') }
  const reasons = reasonsAgainst({ status: '', tags: [], ...files })
  // Until the project has a public address.
  expect(reasons.filter((reason: string) => !reason.startsWith('package.json has no repository'))).toEqual([])
})
