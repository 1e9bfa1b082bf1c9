/**
 * GET /health: whether the process lives, and whether it wants requests. A service that is shutting down answers 503, so
 * that a load balancer sends requests elsewhere.
 */
export function healthRoutes(app, state) {
  app.get('/health', (request, reply) => {
    reply.code(state.isReady ? 200 : 503)
    return { live: true, ready: state.isReady }
  })
  app.get('/health/live', () => ({ live: true }))
}
