//! What is known of each service, as data: who sends its code mails, how they
//! look, what a code of each kind implies, what the service is called. One TOML
//! file a service, read once. This room must not know how a mail is judged
//! (`classify`) nor how an alert reads (`message`).
