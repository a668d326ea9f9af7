-- How often the agents of the session had lost what they knew when the words of the turn were fixed.

alter table turns add column prompt_losses integer not null default 0;
