/** What is against a release, a line each. */
export function reasonsAgainst(given: {
  /** What `git status --porcelain` prints. */
  status: string
  tags: readonly string[]
  /** Texts of files: package.json, package-lock.json, CHANGELOG.md, action.yml. */
  manifest: string
  lock: string
  changelog: string
  action: string
}): string[]

/** What is left to type. */
export function commandsLeft(version: string, tarball: string): string[]
