"""How a consumer's days follow each other, and how two consumers' do."""
