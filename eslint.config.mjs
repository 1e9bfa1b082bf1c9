import js from '@eslint/js'
import jest from 'eslint-plugin-jest'
import { defineConfig, globalIgnores } from 'eslint/config'
import globals from 'globals'
import tseslint from 'typescript-eslint'

const scripts = ['**/*.{js,cjs,mjs}']

export default defineConfig(
  globalIgnores(['build/', '**/dist/', 'prebuilds/', 'site/.vitepress/cache/']),
  { linterOptions: { reportUnusedDisableDirectives: 'error' } },
  js.configs.recommended,
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.strictTypeChecked],
    languageOptions: { parserOptions: { projectService: true } },
    rules: {
      // Numbers in messages are the rule here: `expected 256 values, got 1000`.
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      // Indices stay within shapes that were checked before the loop.
      '@typescript-eslint/no-non-null-assertion': 'off',
    },
  },
  {
    files: ['lib/**/*.ts'],
    rules: {
      'no-restricted-syntax': [
        'error',
        { selector: 'ExportDefaultDeclaration', message: 'Exports have names.' },
      ],
    },
  },
  {
    files: ['test/**/*.ts'],
    extends: [jest.configs['flat/recommended']],
    rules: {
      // Helpers that assert are named for it: expectGruError, expectTypeOf, fc.assert.
      'jest/expect-expect': [
        'error',
        { assertFunctionNames: ['expect*', '*.expect*', 'fc.assert'] },
      ],
    },
  },
  { files: scripts, languageOptions: { globals: globals.node } },
  {
    files: ['examples/service/public/**/*.mjs', 'lib/cli/report/client/**/*.mjs'],
    languageOptions: { globals: globals.browser },
  },
  {
    files: ['site/demo/**/*.mjs', 'site/.vitepress/theme/**/*.mjs'],
    // The second name is a constant of the build.
    languageOptions: { globals: { ...globals.browser, __HAS_DEMO__: 'readonly' } },
  },
  { files: ['**/*.{js,cjs}'], languageOptions: { sourceType: 'commonjs' } },
)
