// Gets a release ready: checks that everything says the same version and that the tree is clean, runs the checks and the tests, packs. It prints the
// commands that are left to type. It never publishes, tags or pushes.
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))

/**
 * What is against a release, a line each. `status`: what `git status --porcelain` prints; `tags`: names of tags; the others are the texts of
 * files.
 */
export function reasonsAgainst({ status, tags, manifest, lock, changelog, action }) {
  const { version } = JSON.parse(manifest)
  const reasons = []
  const unnamed = ['repository', 'bugs', 'homepage'].filter((field) => JSON.parse(manifest)[field] === undefined)
  if (unnamed.length > 0)
    reasons.push(`package.json has no ${unnamed.join(', ')}: npm shows no sources and no provenance without them`)
  if (status.trim() !== '') reasons.push(`the working tree is not clean: commit or stash\n${status.trimEnd()}`)
  if (!/^\d+\.\d+\.\d+(-[\w.]+)?$/.test(version)) reasons.push(`package.json: version ${version} is not a version`)
  if (tags.includes(`v${version}`)) reasons.push(`the tag v${version} exists: raise the version in package.json`)
  if (JSON.parse(lock).version !== version) reasons.push('package-lock.json has another version than package.json: npm install')
  const heading = changelog.split('\n').find((line) => line.startsWith(`## [${version}]`))
  if (heading === undefined) reasons.push(`CHANGELOG.md has no heading ## [${version}] - YYYY-MM-DD`)
  else if (!/ - \d{4}-\d{2}-\d{2}$/.test(heading))
    reasons.push(`CHANGELOG.md: "${heading}" has no date: ## [${version}] - YYYY-MM-DD`)
  const used = /description: whyslow's version on npm\n {4}default: "([^"]*)"/.exec(action)?.[1]
  if (used !== version) reasons.push(`action.yml uses whyslow ${used} by default, not ${version}`)
  return reasons
}

/** What is left to type. */
export const commandsLeft = (version, tarball) => [`git tag v${version} && git push origin v${version}`, `npm publish ${tarball}`]

if (process.argv[1] === fileURLToPath(import.meta.url)) release()

function release() {
  const git = (...words) => execFileSync('git', words, { cwd: root, encoding: 'utf8' })
  const read = (name) => readFileSync(join(root, name), 'utf8')
  const manifest = read('package.json')
  const reasons = reasonsAgainst({
    status: git('status', '--porcelain'),
    tags: git('tag').split('\n'),
    manifest,
    lock: read('package-lock.json'),
    changelog: read('CHANGELOG.md'),
    action: read('action.yml'),
  })
  if (reasons.length > 0) {
    console.error(reasons.join('\n'))
    process.exit(2)
  }
  const { name, version } = JSON.parse(manifest)
  for (const words of [['run', 'check'], ['test'], ['pack']])
    execFileSync('npm', words, { cwd: root, stdio: 'inherit', shell: process.platform === 'win32' })
  console.log(`\nLeft to type:\n${commandsLeft(version, `${name}-${version}.tgz`).join('\n')}`)
}
