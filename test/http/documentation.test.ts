import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { endpoints } from './endpoints.js'
import { makeApp, type TestApp } from './harness.js'

describe('documentation of a group', () => {
  let docs: TestApp
  beforeAll(async () => {
    docs = await makeApp([
      {
        endpoints: [
          { path: 'user/{id}', auth: 'user', input: ['id', 'q'], run: () => 1 },
          { path: 'user', verb: 'POST', input: ['name'], run: () => 1 },
          { path: 'hidden', active: false, run: () => 1 },
        ],
      },
      { canonical: 'private', swagger: { active: true, token: 'open-sesame' }, endpoints },
      { canonical: 'disabled', swagger: { active: false, token: '' }, endpoints },
      { branch: 'dev', endpoints: [{ path: 'only-dev', run: () => 1 }] },
    ])
  })
  afterAll(() => docs.app.close())

  it('is OpenAPI 3.1', async () => {
    const spec = (await docs.app.inject('/apispec:abc123?type=json')).json()
    expect(spec.openapi).toBe('3.1.0')
    expect(spec.servers).toEqual([{ url: 'http://127.0.0.1:8686/api:abc123' }])
    expect(Object.keys(spec.paths)).toEqual(['/user/{id}', '/user'])
    expect(spec.paths['/user/{id}'].get.security).toEqual([{ user: [] }])
    expect(spec.paths['/user/{id}'].get.parameters.map((one: { name: string; in: string }) => [one.name, one.in])).toEqual([
      ['id', 'path'],
      ['q', 'query'],
    ])
    expect(spec.paths['/user'].post.security).toEqual([])
    expect(spec.paths['/user'].post.requestBody.content['application/json'].schema.properties).toHaveProperty('name')
    expect(spec.components.securitySchemes.user).toMatchObject({ type: 'http', scheme: 'bearer' })
    expect((await docs.app.inject('/apispec:abc123:dev?type=json')).json().paths).toHaveProperty('/only-dev')
  })

  it('has a page that loads nothing from elsewhere and runs only its own script', async () => {
    const page = await docs.app.inject('/api:abc123')
    expect(page.headers['content-type']).toBe('text/html; charset=utf-8')
    expect(page.headers['content-security-policy']).toMatch(
      /^default-src 'none'; style-src 'sha256-[^']+'; script-src 'sha256-[^']+'; connect-src 'self'; base-uri 'none'/,
    )
    expect(page.body).toContain('A &#60;b&#62;group&#60;/b&#62;.')
    expect(page.body).not.toMatch(/src=|https?:\/\//)
    expect((await docs.app.inject('/api:abc123/')).statusCode).toBe(200)
  })

  it.each([
    ['/apispec:private?type=json', 404],
    ['/apispec:private?type=json&token=wrong', 404],
    ['/apispec:private?type=json&token=open-sesame', 200],
    ['/api:private', 404],
    ['/api:private?token=open-sesame', 200],
    ['/apispec:disabled?type=json', 404],
    ['/api:disabled', 404],
    ['/apispec:nope?type=json', 404],
  ])('answers %s with %i', async (url, status) => {
    expect((await docs.app.inject(url)).statusCode).toBe(status)
  })

  it('shows a private group to an administrator', async () => {
    expect((await docs.app.inject({ url: '/apispec:private', headers: { authorization: 'Bearer shk_admin' } })).statusCode).toBe(200)
  })
})
