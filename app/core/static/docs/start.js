"use strict";

// No validator, no outside address: this page asks its own server only.
window.addEventListener("load", () => {
  window.SwaggerUIBundle({
    url: "/openapi.json",
    dom_id: "#docs",
    deepLinking: true,
    displayRequestDuration: true,
    docExpansion: "none",
    filter: true,
    operationsSorter: "alpha",
    persistAuthorization: false,
    validatorUrl: null,
  });
});
