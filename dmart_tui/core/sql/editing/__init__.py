"""What an editor of SQL asks for: tokens and statements, completion, layout, plans."""
