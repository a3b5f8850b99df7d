// Brings the quoted span into view where the address names a quote but no anchor.

const target = document.querySelector("mark") ?? document.querySelector(".target");
if (target && (!location.hash || !document.querySelector(":target"))) target.scrollIntoView({ block: "center" });
